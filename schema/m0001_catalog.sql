-- The local catalog, version 1 (design.md section 4). Times are nanoseconds since 1970 UTC unless a name says otherwise.

-- Remarks of the program about this database, such as which views it made.
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A directory that was scanned, pushed from or fetched into.
CREATE TABLE root (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE
);

-- A content that was seen in some file.
CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    size INTEGER NOT NULL
);

-- A physical file: one row however many names and roots lead to it.
CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    ctime INTEGER NOT NULL,
    hashed_at INTEGER NOT NULL,
    content INTEGER REFERENCES content (id), -- NULL while the file cannot be relied on; `problem` says why
    problem TEXT,
    UNIQUE (device, inode)
);
CREATE INDEX file_content ON file (content);

-- A name of a file below a root.
CREATE TABLE file_path (
    root INTEGER NOT NULL REFERENCES root (id),
    path TEXT NOT NULL,
    file INTEGER NOT NULL REFERENCES file (id),
    PRIMARY KEY (root, path)
) WITHOUT ROWID;
CREATE INDEX file_path_file ON file_path (file);

-- What the reader found in a replay (slp-format.md sections 10 and 11). One row a content.
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
    metadata TEXT NOT NULL -- all that was read, as JSON: what a push publishes
);

CREATE TABLE player (
    content INTEGER NOT NULL REFERENCES content (id),
    port INTEGER NOT NULL,
    character INTEGER NOT NULL, -- external id, after the Zelda/Sheik rule
    type TEXT NOT NULL,
    costume INTEGER,
    team INTEGER,
    display_name TEXT,
    connect_code TEXT,
    name_tag TEXT,
    PRIMARY KEY (content, port)
) WITHOUT ROWID;
CREATE INDEX player_character ON player (character, content);

-- A place that was used from here; its own database is places/<id of its canonical form>.sqlite.
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    canonical TEXT NOT NULL UNIQUE,
    database TEXT NOT NULL
);

-- The content at a path when a root and a place last agreed on it.
CREATE TABLE agreed (
    root INTEGER NOT NULL REFERENCES root (id),
    place INTEGER NOT NULL REFERENCES place (id),
    path TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES content (id),
    PRIMARY KEY (root, place, path)
) WITHOUT ROWID;

-- Objects put at a place and not yet named by a commit, so that an interrupted push need not put them again.
CREATE TABLE transfer (
    place INTEGER NOT NULL REFERENCES place (id),
    repository TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    key TEXT NOT NULL,
    encoded_size INTEGER NOT NULL,
    put_at INTEGER NOT NULL,
    PRIMARY KEY (place, repository, digest)
) WITHOUT ROWID;

-- Names of ids, filled in by the program when it opens the catalog, for the views.
CREATE TABLE character_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE TABLE stage_name (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
