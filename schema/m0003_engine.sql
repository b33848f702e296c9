-- Lists of condemned keys (docs/format.md, "Garbage collection") that were read here.
CREATE TABLE condemned_list (
    place INTEGER NOT NULL REFERENCES place (id),
    key TEXT NOT NULL,
    PRIMARY KEY (place, key)
) WITHOUT ROWID;

-- Keys on those lists: never named by a commit again.
CREATE TABLE condemned (
    place INTEGER NOT NULL REFERENCES place (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    key TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (place, digest, key)
) WITHOUT ROWID;

-- How fast bytes went to and from a place the last time that there were enough of them to tell. `direction` is `up` or `down`.
CREATE TABLE transfer_rate (
    place INTEGER NOT NULL REFERENCES place (id),
    direction TEXT NOT NULL,
    bytes_per_second REAL NOT NULL,
    measured_at INTEGER NOT NULL,
    PRIMARY KEY (place, direction)
) WITHOUT ROWID;

-- When all bytes of a file were last read and found to be those of its content.
ALTER TABLE file ADD COLUMN verified_at INTEGER;

-- Proofs that nothing is out of step between a root and a place (Catalog+InStep.swift). `files` is NULL while one is being made.
CREATE TABLE in_step (
    root INTEGER NOT NULL REFERENCES root (id),
    place INTEGER NOT NULL REFERENCES place (id),
    scope TEXT NOT NULL,
    state TEXT NOT NULL,
    token INTEGER NOT NULL,
    files INTEGER,
    PRIMARY KEY (root, place, scope)
) WITHOUT ROWID;

-- A proof ends with the first change of what it rests on, whoever makes it.
CREATE TRIGGER in_step_file_path_inserted AFTER INSERT ON file_path BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_file_path_updated AFTER UPDATE ON file_path BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_file_path_deleted AFTER DELETE ON file_path BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_file_updated AFTER UPDATE OF content ON file WHEN OLD.content IS NOT NEW.content
BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_file_deleted AFTER DELETE ON file BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_agreed_inserted AFTER INSERT ON agreed BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_agreed_updated AFTER UPDATE ON agreed BEGIN DELETE FROM in_step; END;
CREATE TRIGGER in_step_agreed_deleted AFTER DELETE ON agreed BEGIN DELETE FROM in_step; END;

-- The paths of places that a root was pushed to or fetched from: what a root holds as `x` may stand under each of them.
CREATE TABLE root_use (
    root INTEGER NOT NULL REFERENCES root (id),
    place INTEGER NOT NULL REFERENCES place (id),
    path TEXT NOT NULL,
    PRIMARY KEY (root, place, path)
) WITHOUT ROWID;
