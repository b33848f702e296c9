"""A folder place of many replays with a base, for the figures of what asks one: written by SQL as pushes would leave it.

There are as many random bits as real games have; the base is made by the program, in a push of one more file. The segments that
the base covers are empty files with the right names: nobody may read them.
"""

import sqlite3, time

from measuring import Run

SEGMENTS = 500  # More than the 256 that are worth a base.

FILL = """
CREATE TEMP TABLE sample AS
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
SELECT i, i / 2 AS match, i % 2 AS second, 3000 + abs(random()) % 12000 AS frames,
    1590000000 + i / 2 * 200 + (i / 2 * 7919) % 200 + (i % 2) * 260 + abs(random()) % 20 AS started
FROM n;
INSERT INTO person (display_name, connect_code)
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {people})
SELECT 'P' || lower(hex(randomblob(1 + abs(random()) % 4))),
    char(65 + abs(random()) % 26, 65 + abs(random()) % 26, 65 + abs(random()) % 26) || '#' || (1 + abs(random()) % 999)
FROM n;
INSERT INTO content (id, encoding, generation, segment, line, size, encoded_size, digest)
SELECT i + 100, 'zst', 0, {segment} + i / {per}, 1 + 2 * (i % {per}), frames * 340 + abs(random()) % (frames * 20),
    frames * 60 + abs(random()) % (frames * 20), randomblob(32)
FROM sample ORDER BY i;
INSERT INTO entry (path, segment, line, content, mtime)
SELECT 'replays/' || (SELECT lower(name) FROM character_name WHERE id = i * 26 / {count}) || '/Game_'
    || strftime('%Y%m%dT%H%M%S', started, 'unixepoch') || '_' || i || '.slp', {segment} + i / {per}, 2 + 2 * (i % {per}),
    i + 100, (started + frames / 60) * 1000000000 + abs(random()) % 1000000000
FROM sample ORDER BY 1;
INSERT INTO game (content, segment, line, reader, version, is_teams, is_complete, end_method, tiebreaker, played_on, match_id,
    person1, player1, person2, player2, winner_ports, stage, game, started_at_seconds, last_frame)
SELECT i + 100, {segment} + i / {per}, 2 + 2 * (i % {per}), 3, '3.16.0', 0, 1, 2, 0, 'dolphin',
    'mode.unranked-' || strftime('%Y-%m-%dT%H:%M:%S', 1590000000 + match * 200 + (match * 7919) % 200, 'unixepoch')
        || printf('.%02d-0', match % 100),
    1, 65536 + 256 * (i * 26 / {count}) + 1, 2 + (match * 1103515245) % {people},
    65536 + 256 * (abs(random()) % 26) + abs(random()) % 5, 1 + abs(random()) % 2, 2 + abs(random()) % 6, 1 + second,
    started, frames
FROM sample ORDER BY i;
DROP TABLE sample;
"""


def make(program, folder, count):
    """A place of `count` replays with a base, and the home of who made it; also the push that made the base."""
    tree, place, home = folder / "tree", folder / "place", folder / "maker"
    tree.mkdir(parents=True)
    (tree / "first.txt").write_text("first")
    Run([program, "push", tree, place, "--json"], home)
    (first,) = [path for path in (place / "log").rglob("*") if path.is_file()]
    database = sqlite3.connect(next((home / "places").glob("*.sqlite")))
    (segment,) = database.execute("SELECT max(id) + 1 FROM segment").fetchone()
    per = -(-count // SEGMENTS)
    for number in range(-(-count // per)):
        seconds = int(time.time()) - 5 * 86400 + number
        writer = f"{number:016x}"
        name = f"log/{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}000Z-{writer}-0.01234567.ndjson.zst"
        database.execute("INSERT INTO segment (id, key, hlc, writer, host) VALUES (?, ?, ?, ?, 'laptop')",
                         (segment + number, name, seconds * 1000, writer))
        (first.parent / name.removeprefix("log/")).touch()
    database.executescript(FILL.format(count=count, people=count // 50 + 1, per=per, segment=segment))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    (tree / "second.txt").write_text("second")
    compacting = Run([program, "push", tree, place, "--json"], home)
    (base,) = (place / "base").iterdir()
    return place, home, tree, base, compacting
