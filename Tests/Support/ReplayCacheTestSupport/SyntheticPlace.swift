package import ReplayCache

/// Fills the database of a place with replays as a large library has them, by SQL alone: a million takes seconds.
///
/// Sessions of one player against others, a fiftieth as many as games, two games a match, times in nanoseconds, sizes after the length of the
/// game: as many random bits as real ones have, so that what a base of it weighs is what a real one weighs.
package enum SyntheticPlace {
    /// Adds `count` entries, 5,000 in a segment, to an empty store.
    package static func fill(_ database: Database, count: Int) throws {
        try database.transaction {
            try database.execute(
                """
                CREATE TEMP TABLE sample AS
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(count))
                SELECT i, i / 2 AS match, i % 2 AS second, 3000 + abs(random()) % 12000 AS frames,
                    1590000000 + i / 2 * 700 + (i / 2 * 7919) % 600 + (i % 2) * 260 + abs(random()) % 20 AS started
                FROM n;
                INSERT INTO segment (key, hlc, writer, host)
                SELECT 'log/' || strftime('%Y%m%dT%H%M%S', 1790000000 + i / 5000, 'unixepoch') || '000Z-'
                    || printf('%016x', i / 5000) || '-0.01234567.ndjson.zst', (1790000000 + i / 5000) * 1000,
                    printf('%016x', i / 5000), 'laptop'
                FROM sample WHERE i % 5000 = 0;
                INSERT INTO person (display_name, connect_code)
                WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < \(count / 50 + 1))
                SELECT 'P' || lower(hex(randomblob(1 + abs(random()) % 4))),
                    char(65 + abs(random()) % 26, 65 + abs(random()) % 26, 65 + abs(random()) % 26) || '#'
                        || (1 + abs(random()) % 999)
                FROM n;
                INSERT INTO content (encoding, generation, segment, line, size, encoded_size, digest)
                SELECT 'zst', 0, 1 + i / 5000, 1 + 2 * (i % 5000), frames * 340 + abs(random()) % (frames * 20),
                    frames * 60 + abs(random()) % (frames * 20), randomblob(32)
                FROM sample ORDER BY i;
                INSERT INTO entry (path, segment, line, content, mtime)
                SELECT 'replays/' || (SELECT lower(name) FROM character_name WHERE id = i * 26 / \(count)) || '/Game_'
                    || strftime('%Y%m%dT%H%M%S', started, 'unixepoch') || '_' || i || '.slp', 1 + i / 5000,
                    2 + 2 * (i % 5000), i + 1, (started + frames / 60) * 1000000000 + abs(random()) % 1000000000
                FROM sample ORDER BY 1;
                INSERT INTO game (content, segment, line, reader, version, is_teams, is_complete, end_method, tiebreaker,
                    played_on, match_id, person1, player1, person2, player2, winner_ports, stage, game,
                    started_at_seconds, last_frame)
                SELECT i + 1, 1 + i / 5000, 2 + 2 * (i % 5000), 3, '3.16.0', 0, 1, 2, 0, 'dolphin',
                    'mode.unranked-' || strftime('%Y-%m-%dT%H:%M:%S', 1590000000 + match * 700 + (match * 7919) % 600,
                        'unixepoch') || printf('.%02d-0', match % 100), 1,
                    65536 + 256 * (i * 26 / \(count)) + 1, 2 + (match * 1103515245) % \(count / 50 + 1),
                    65536 + 256 * (abs(random()) % 26) + abs(random()) % 5, 1 + abs(random()) % 2,
                    2 + abs(random()) % 6, 1 + second, started, frames
                FROM sample ORDER BY i;
                DROP TABLE sample;
                """
            )
        }
    }
}
