-- What version 4 of a base adds to base.sql, which is version 3: run after it, on a new database as on one of version 3 that
-- came from a place. Part of the format: additive only.

-- The seed of the game's random numbers, where there is no match_id to know the game by; and the fewest stocks that a player
-- had at the start. NULL where unknown.
ALTER TABLE game ADD COLUMN seed INTEGER;
ALTER TABLE game ADD COLUMN start_stocks INTEGER;

-- Lists of contents that were given a name. `list` is the content that is the list (docs/format.md, "Datasets"), `files` the
-- number of its lines, `size` the sum of the sizes of what it names. Of lists with one name, which two machines gave at the
-- same time, the one with the oldest stamp has it. One that is dropped keeps its row, so that
-- whoever says its name later changes nothing.
CREATE TABLE dataset (
    name TEXT NOT NULL,
    list INTEGER NOT NULL REFERENCES content (id),
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    files INTEGER NOT NULL CHECK (typeof(files) = 'integer' AND files >= 0),
    size INTEGER NOT NULL CHECK (typeof(size) = 'integer' AND size >= 0),
    selection TEXT,
    is_dropped INTEGER NOT NULL DEFAULT 0 CHECK (is_dropped IN (0, 1)),
    PRIMARY KEY (name, list)
) WITHOUT ROWID;

DROP VIEW replay;
CREATE VIEW replay AS
SELECT content, reader, version, stage, is_teams,
       coalesce(started_at, strftime('%Y-%m-%dT%H:%M:%SZ', started_at_seconds, 'unixepoch')) AS started_at,
       started_at_seconds, last_frame, is_complete, problem, end_method, winner_ports, match_id, game, tiebreaker,
       played_on, segment, line, seed, start_stocks
FROM game;

-- The documented views (docs/catalog.md). Columns are only ever added.

DROP VIEW entries;
CREATE VIEW entries AS
SELECT entry.path AS path,
       lower(hex(content.digest)) AS sha256,
       content.size AS size,
       entry.mtime AS mtime_ns,
       content.encoding AS encoding,
       content.encoded_size AS encoded_size,
       segment.hlc AS committed_ms,
       segment.host AS host,
       strftime('%Y-%m-%dT%H:%M:%SZ', entry.mtime / 1000000000, 'unixepoch') AS modified_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', segment.hlc / 1000, 'unixepoch') AS committed_at,
       content.digest AS digest
FROM entry
JOIN content ON content.id = entry.content
JOIN segment ON segment.id = entry.segment;

-- Every path that holds a replay, with what the reader found in it. Who plays whom is worked out from the packed players: of
-- two that are no team without looking further, else side by side, in windows because only they promise an order.
DROP VIEW replays;
CREATE VIEW replays AS
SELECT entry.path AS path,
       lower(hex(content.digest)) AS sha256,
       content.size AS size,
       game.version AS version,
       game.stage AS stage_id,
       coalesce(stage_name.name, 'stage ' || game.stage) AS stage,
       coalesce(game.started_at, strftime('%Y-%m-%dT%H:%M:%SZ', game.started_at_seconds, 'unixepoch')) AS started_at,
       game.started_at_seconds AS started_at_seconds,
       game.last_frame + 124 AS frames,
       (game.last_frame + 124) / 60.0 AS duration_seconds,
       game.is_complete AS complete,
       game.problem AS problem,
       game.played_on AS played_on,
       game.match_id AS match_id,
       game.game AS game,
       game.tiebreaker AS tiebreaker,
       game.winner_ports AS winner_ports,
       game.is_teams AS is_teams,
       CASE WHEN game.match_id GLOB 'mode.*-*'
           THEN substr(game.match_id, 6, instr(game.match_id, '-') - 6) END AS mode,
       game.end_method AS end_method,
       game.start_stocks AS start_stocks,
       game.seed AS seed,
       strftime('%Y-%m', game.started_at_seconds, 'unixepoch') AS month,
       game.stage IN (2, 3, 8, 28, 31, 32) AS legal_stage,
       (game.player1 IS NOT NULL) + (game.player2 IS NOT NULL) + (game.player3 IS NOT NULL)
           + (game.player4 IS NOT NULL) AS player_count,
       ifnull(game.player1 >> 16 & 511 = 1, 0) + ifnull(game.player2 >> 16 & 511 = 1, 0)
           + ifnull(game.player3 >> 16 & 511 = 1, 0) + ifnull(game.player4 >> 16 & 511 = 1, 0) AS humans,
       CASE WHEN NOT ifnull(game.is_teams, 0) AND (game.player1 IS NOT NULL) + (game.player2 IS NOT NULL)
               + (game.player3 IS NOT NULL) + (game.player4 IS NOT NULL) = 2
           THEN (SELECT min(name) || ' vs ' || max(name) FROM (
               SELECT coalesce(named.name, 'character ' || one.id) AS name
               FROM (SELECT coalesce(game.player1, game.player2, game.player3) >> 8 & 255 AS id
                   UNION ALL SELECT coalesce(game.player4, game.player3, game.player2) >> 8 & 255) one
               LEFT JOIN character_name named ON named.id = one.id))
           ELSE (
               SELECT group_concat(side, ' vs ') OVER (
                   ORDER BY side ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
               FROM (
                   SELECT DISTINCT team, group_concat(name, '+') OVER (
                       PARTITION BY team ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS side
                   FROM (
                       SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name,
                           CASE WHEN game.is_teams AND one.packed >> 25 & 511 THEN 100 + (one.packed >> 25 & 511)
                               ELSE one.port END AS team
                       FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                           UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                       LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                       WHERE one.packed IS NOT NULL))
               LIMIT 1)
       END AS matchup,
       CASE WHEN game.winner_ports IN ('1', '2', '3', '4')
           THEN (SELECT coalesce(named.name, 'character ' || one.id)
               FROM (SELECT CASE game.winner_ports WHEN '1' THEN game.player1 WHEN '2' THEN game.player2
                   WHEN '3' THEN game.player3 ELSE game.player4 END >> 8 & 255 AS id) one
               LEFT JOIN character_name named ON named.id = one.id)
           ELSE (SELECT group_concat(name, '+') OVER (
                   ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
               FROM (
                   SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name
                   FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                       UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                   LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                   WHERE one.packed IS NOT NULL AND instr(game.winner_ports, one.port))
               LIMIT 1)
       END AS winner,
       content.digest AS digest
FROM entry
JOIN content ON content.id = entry.content
JOIN game ON game.content = content.id
LEFT JOIN stage_name ON stage_name.id = game.stage;

-- One row a player of a replay content.
DROP VIEW players;
CREATE VIEW players AS
SELECT lower(hex(content.digest)) AS sha256,
       player.port AS port,
       player.character AS character_id,
       coalesce(character_name.name, 'character ' || player.character) AS character,
       player.type AS type,
       player.costume AS costume,
       player.team AS team,
       player.display_name AS display_name,
       player.connect_code AS connect_code,
       player.name_tag AS name_tag,
       instr(game.winner_ports, player.port) > 0 AS won,
       (SELECT group_concat(side, ' vs ') OVER (
               ORDER BY side ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
           FROM (
               SELECT DISTINCT team, group_concat(name, '+') OVER (
                   PARTITION BY team ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS side
               FROM (
                   SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name,
                       CASE WHEN game.is_teams AND one.packed >> 25 & 511 THEN 100 + (one.packed >> 25 & 511)
                           ELSE one.port END AS team
                   FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                       UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                   LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                   WHERE one.packed IS NOT NULL AND one.port <> player.port)
               WHERE team IS NOT CASE WHEN game.is_teams THEN 101 + player.team END)
           LIMIT 1) AS opponent,
       content.digest AS digest
FROM player
JOIN content ON content.id = player.content
JOIN game ON game.content = player.content
LEFT JOIN character_name ON character_name.id = player.character;

DROP VIEW checkpoints;
CREATE VIEW checkpoints AS
SELECT lower(hex(checkpoint.identity)) AS identity,
       checkpoint.run AS run,
       checkpoint.name AS name,
       checkpoint.step AS step,
       checkpoint.metrics AS metrics,
       (SELECT count(*) FROM checkpoint_file f WHERE f.identity = checkpoint.identity) AS files,
       (SELECT sum(c.size) FROM checkpoint_file f JOIN content c ON c.id = f.content
        WHERE f.identity = checkpoint.identity) AS size,
       nullif(lower(hex(checkpoint.parent)), '') AS parent,
       checkpoint.git_revision AS git_revision,
       checkpoint.dataset AS dataset,
       checkpoint.note AS note,
       segment.hlc AS committed_ms,
       segment.host AS host,
       strftime('%Y-%m-%dT%H:%M:%SZ', segment.hlc / 1000, 'unixepoch') AS committed_at
FROM checkpoint
JOIN segment ON segment.id = checkpoint.segment;

-- One row a dataset; `is_current` is 0 for a list whose name an older one has.
CREATE VIEW datasets AS
SELECT dataset.name AS name,
       lower(hex(content.digest)) AS sha256,
       dataset.files AS files,
       dataset.size AS size,
       dataset.selection AS selection,
       segment.hlc AS committed_ms,
       segment.host AS host,
       strftime('%Y-%m-%dT%H:%M:%SZ', segment.hlc / 1000, 'unixepoch') AS committed_at,
       row_number() OVER (PARTITION BY dataset.name ORDER BY segment.hlc, segment.key, dataset.line) = 1 AS is_current
FROM dataset
JOIN content ON content.id = dataset.list
JOIN segment ON segment.id = dataset.segment
WHERE NOT dataset.is_dropped;
