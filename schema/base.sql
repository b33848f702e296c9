-- The merged state of one repository, version 1 (docs/format.md, "Merge" and "Base"). Part of the format: additive only.
-- A base has exactly this schema; base_local.sql has the indexes that each machine makes for itself.
-- Times are nanoseconds since 1970 UTC; `hlc` is milliseconds since 1970 UTC of the place's clock.
-- Columns that hardly ever differ from row to row come first, and those that cannot be compressed last: the order is what
-- makes a base small (docs/decisions/0005-what-a-base-costs.md).

CREATE TABLE repository (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Segments that are merged. An id is never given out twice, even when another program forgets this repository and begins
-- anew in the same file: what is remembered of a segment by its id stays true.
CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    hlc INTEGER NOT NULL,
    writer TEXT NOT NULL,
    host TEXT
);

-- A content and the object that stores it. `encoding` is NULL while no object is known, `recipe` when it is in parts.
-- `segment` and `line` are those of the operation that tells the size and, when there is one, the object; in a base `line`
-- is 0.
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    encoding TEXT,
    generation INTEGER CHECK (generation IS NULL OR typeof(generation) = 'integer' AND generation >= 0),
    segment INTEGER REFERENCES segment (id),
    line INTEGER,
    size INTEGER CHECK (size IS NULL OR typeof(size) = 'integer' AND size BETWEEN 0 AND 4398046511104),
    encoded_size INTEGER CHECK (encoded_size IS NULL OR typeof(encoded_size) = 'integer'
        AND encoded_size BETWEEN 0 AND 4398046511104),
    digest BLOB NOT NULL CHECK (typeof(digest) = 'blob' AND length(digest) = 32)
);

-- The state of each path. `content` is NULL for a deleted path. In a base `line` is 0 where the path has no history: it
-- orders the operations of one segment.
CREATE TABLE entry (
    path TEXT PRIMARY KEY CHECK (typeof(path) = 'text' AND instr(CAST(path AS BLOB), x'00') = 0),
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    was INTEGER REFERENCES content (id),
    content INTEGER REFERENCES content (id),
    mtime INTEGER CHECK (mtime IS NULL OR typeof(mtime) = 'integer')
) WITHOUT ROWID;

-- What each path held before, and what lost against it. `hlc` is that of the segment, so that the versions newer than one
-- are found without a look at the older ones.
CREATE TABLE history (
    path TEXT NOT NULL CHECK (typeof(path) = 'text' AND instr(CAST(path AS BLOB), x'00') = 0),
    content INTEGER REFERENCES content (id),
    was INTEGER REFERENCES content (id),
    mtime INTEGER,
    hlc INTEGER NOT NULL,
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    PRIMARY KEY (path, hlc, segment, line)
) WITHOUT ROWID;

-- Names that players had.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    display_name TEXT,
    connect_code TEXT,
    name_tag TEXT
);

-- What a reader found in a replay: what the view `replay` shows, and the players of the four ports. `segment` and `line` are
-- those of the operation that told it; in a base `line` is 0. `started_at` is NULL where it is `started_at_seconds` in the
-- usual way of writing, as in 2026-11-23T22:07:53Z.
-- A player is costume + 256 * character + 65536 * (type + 1) + 33554432 * (team + 1), the last 0 without a team; NULL where
-- there is none. Types: 0 human, 1 cpu, 2 demo; -1 is one that has no number.
CREATE TABLE game (
    content INTEGER PRIMARY KEY REFERENCES content (id),
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    reader INTEGER NOT NULL,
    version TEXT,
    is_teams INTEGER,
    is_complete INTEGER NOT NULL,
    problem TEXT,
    end_method INTEGER,
    tiebreaker INTEGER,
    played_on TEXT,
    started_at TEXT,
    person4 INTEGER REFERENCES person (id),
    player4 INTEGER,
    person3 INTEGER REFERENCES person (id),
    player3 INTEGER,
    match_id TEXT,
    person1 INTEGER REFERENCES person (id),
    player1 INTEGER,
    person2 INTEGER REFERENCES person (id),
    player2 INTEGER,
    winner_ports TEXT,
    stage INTEGER,
    game INTEGER,
    started_at_seconds INTEGER,
    last_frame INTEGER
);

-- `committed` is the HLC of the segment that published the checkpoint.
CREATE TABLE checkpoint (
    identity BLOB PRIMARY KEY CHECK (length(identity) = 32),
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    step INTEGER,
    parent BLOB,
    metrics TEXT NOT NULL,
    git_revision TEXT,
    dataset TEXT,
    note TEXT,
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX checkpoint_run ON checkpoint (run);

CREATE TABLE checkpoint_file (
    identity BLOB NOT NULL,
    name TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES content (id),
    PRIMARY KEY (identity, name)
) WITHOUT ROWID;

-- Operations of versions to come: kept, so that a program that knows them loses nothing.
CREATE TABLE unknown_operation (
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (segment, line)
) WITHOUT ROWID;

-- Segments that could not be merged. `kind` is `damage` for one that cannot be read, `clock` for one that was stamped by
-- a clock ahead of the place's own.
CREATE TABLE set_aside (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;

-- Names of ids, filled in by the program that makes the database, for the views.
CREATE TABLE character_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE stage_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

-- The same as the catalog has it, for statements that read either.
CREATE VIEW replay AS
SELECT content, reader, version, stage, is_teams,
       coalesce(started_at, strftime('%Y-%m-%dT%H:%M:%SZ', started_at_seconds, 'unixepoch')) AS started_at,
       started_at_seconds, last_frame, is_complete, problem, end_method, winner_ports, match_id, game, tiebreaker,
       played_on, segment, line
FROM game;

CREATE VIEW player AS
SELECT game.content AS content, 1 AS port, game.player1 >> 8 & 255 AS character,
       CASE game.player1 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player1 >> 16 & 511) - 1) END AS type,
       game.player1 & 255 AS costume, nullif(game.player1 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person1 WHERE game.player1 IS NOT NULL
UNION ALL
SELECT game.content AS content, 2 AS port, game.player2 >> 8 & 255 AS character,
       CASE game.player2 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player2 >> 16 & 511) - 1) END AS type,
       game.player2 & 255 AS costume, nullif(game.player2 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person2 WHERE game.player2 IS NOT NULL
UNION ALL
SELECT game.content AS content, 3 AS port, game.player3 >> 8 & 255 AS character,
       CASE game.player3 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player3 >> 16 & 511) - 1) END AS type,
       game.player3 & 255 AS costume, nullif(game.player3 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person3 WHERE game.player3 IS NOT NULL
UNION ALL
SELECT game.content AS content, 4 AS port, game.player4 >> 8 & 255 AS character,
       CASE game.player4 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player4 >> 16 & 511) - 1) END AS type,
       game.player4 & 255 AS costume, nullif(game.player4 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person4 WHERE game.player4 IS NOT NULL;

-- The documented views (docs/catalog.md): a public interface, stable across versions of this format.

-- Every path that exists, with its content.
CREATE VIEW entries AS
SELECT entry.path AS path,
       lower(hex(content.digest)) AS sha256,
       content.size AS size,
       entry.mtime AS mtime_ns,
       content.encoding AS encoding,
       content.encoded_size AS encoded_size,
       segment.hlc AS committed_ms,
       segment.host AS host
FROM entry
JOIN content ON content.id = entry.content
JOIN segment ON segment.id = entry.segment;

-- Every path that holds a replay, with what the reader found in it.
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
       replay.is_teams AS is_teams
FROM entry
JOIN content ON content.id = entry.content
JOIN replay ON replay.content = content.id
LEFT JOIN stage_name ON stage_name.id = replay.stage;

-- One row a player of a replay content.
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
       player.name_tag AS name_tag
FROM player
JOIN content ON content.id = player.content
LEFT JOIN character_name ON character_name.id = player.character;

-- One row a published checkpoint.
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
       segment.host AS host
FROM checkpoint
JOIN segment ON segment.id = checkpoint.segment;
