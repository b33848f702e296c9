-- The merged state of one repository, version 1 (docs/format.md, "Merge" and "Reserved"). Part of the format: additive only.
-- Times are nanoseconds since 1970 UTC; `hlc` is milliseconds since 1970 UTC of the place's clock.

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
-- `segment` and `line` are those of the operation that tells the size and, when there is one, the object.
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    size INTEGER,
    encoding TEXT,
    generation INTEGER,
    encoded_size INTEGER,
    segment INTEGER REFERENCES segment (id),
    line INTEGER
);

-- The state of each path. `content` is NULL for a deleted path.
CREATE TABLE entry (
    path TEXT PRIMARY KEY,
    content INTEGER REFERENCES content (id),
    was INTEGER REFERENCES content (id),
    mtime INTEGER,
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entry_content ON entry (content);

-- What each path held before, and what lost against it. `hlc` is that of the segment, so that the versions newer than one
-- are found without a look at the older ones.
CREATE TABLE history (
    path TEXT NOT NULL,
    content INTEGER REFERENCES content (id),
    was INTEGER REFERENCES content (id),
    mtime INTEGER,
    hlc INTEGER NOT NULL,
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL,
    PRIMARY KEY (path, hlc, segment, line)
) WITHOUT ROWID;

-- What a reader found in a replay. `segment` and `line` are those of the operation that told it.
CREATE TABLE replay (
    content INTEGER PRIMARY KEY REFERENCES content (id),
    reader INTEGER NOT NULL,
    version TEXT,
    stage INTEGER,
    is_teams INTEGER,
    started_at TEXT,
    started_at_seconds INTEGER,
    last_frame INTEGER,
    is_complete INTEGER NOT NULL,
    problem TEXT,
    end_method INTEGER,
    winner_ports TEXT,
    match_id TEXT,
    game INTEGER,
    tiebreaker INTEGER,
    played_on TEXT,
    seed INTEGER,
    segment INTEGER NOT NULL REFERENCES segment (id),
    line INTEGER NOT NULL
);

CREATE TABLE player (
    content INTEGER NOT NULL REFERENCES content (id),
    port INTEGER NOT NULL,
    character INTEGER NOT NULL,
    type TEXT NOT NULL,
    costume INTEGER,
    team INTEGER,
    display_name TEXT,
    connect_code TEXT,
    name_tag TEXT,
    PRIMARY KEY (content, port)
) WITHOUT ROWID;
CREATE INDEX player_character ON player (character, content);

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
