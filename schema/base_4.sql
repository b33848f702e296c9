-- What version 4 of a base adds to base.sql, which is version 3: run after it, on a new database as on one of version 3 that
-- came from a place. Part of the format: additive only.

-- The seed of the game's random numbers, where there is no match_id to know the game by; and the fewest stocks that a player
-- had at the start. NULL where unknown.
ALTER TABLE game ADD COLUMN seed INTEGER;
ALTER TABLE game ADD COLUMN start_stocks INTEGER;

-- Lists of contents that were given a name. `list` is the content that is the list (docs/format.md, "Datasets"), `files` the
-- number of its lines, `size` the sum of the sizes of what it names. Of lists with one name, which two machines gave at the
-- same time, the one with the oldest stamp has it.
CREATE TABLE dataset (
    name TEXT NOT NULL,
    list INTEGER NOT NULL REFERENCES content (id),
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    files INTEGER NOT NULL CHECK (typeof(files) = 'integer' AND files >= 0),
    size INTEGER NOT NULL CHECK (typeof(size) = 'integer' AND size >= 0),
    selection TEXT,
    PRIMARY KEY (name, list)
) WITHOUT ROWID;

DROP VIEW replay;
CREATE VIEW replay AS
SELECT content, reader, version, stage, is_teams,
       coalesce(started_at, strftime('%Y-%m-%dT%H:%M:%SZ', started_at_seconds, 'unixepoch')) AS started_at,
       started_at_seconds, last_frame, is_complete, problem, end_method, winner_ports, match_id, game, tiebreaker,
       played_on, segment, line, seed, start_stocks
FROM game;

-- Every path that holds a replay, with what the reader found in it.
DROP VIEW replays;
CREATE VIEW replays AS
SELECT entry.path AS path,
       lower(hex(content.digest)) AS sha256,
       content.size AS size,
       replay.version AS version,
       replay.stage AS stage_id,
       coalesce(stage_name.name, 'stage ' || replay.stage) AS stage,
       replay.started_at AS started_at,
       replay.started_at_seconds AS started_at_seconds,
       replay.last_frame + 124 AS frames,
       (replay.last_frame + 124) / 60.0 AS duration_seconds,
       replay.is_complete AS complete,
       replay.problem AS problem,
       replay.played_on AS played_on,
       replay.match_id AS match_id,
       replay.game AS game,
       replay.tiebreaker AS tiebreaker,
       replay.winner_ports AS winner_ports,
       replay.is_teams AS is_teams,
       CASE WHEN replay.match_id GLOB 'mode.*-*'
           THEN substr(replay.match_id, 6, instr(replay.match_id, '-') - 6) END AS mode,
       replay.end_method AS end_method,
       replay.start_stocks AS start_stocks,
       replay.seed AS seed
FROM entry
JOIN content ON content.id = entry.content
JOIN replay ON replay.content = content.id
LEFT JOIN stage_name ON stage_name.id = replay.stage;

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
       instr(game.winner_ports, player.port) > 0 AS won
FROM player
JOIN content ON content.id = player.content
JOIN game ON game.content = player.content
LEFT JOIN character_name ON character_name.id = player.character;

-- One row a dataset; `is_current` is 0 for a list whose name an older one has.
CREATE VIEW datasets AS
SELECT dataset.name AS name,
       lower(hex(content.digest)) AS sha256,
       dataset.files AS files,
       dataset.size AS size,
       dataset.selection AS selection,
       segment.hlc AS committed_ms,
       segment.host AS host,
       row_number() OVER (PARTITION BY dataset.name ORDER BY segment.hlc, segment.key, dataset.line) = 1 AS is_current
FROM dataset
JOIN content ON content.id = dataset.list
JOIN segment ON segment.id = dataset.segment;
