-- What the bytes of a replay's events hash to (slp-format.md section 11), for those that were compared by them
-- (Sync/EventDigests.swift).
CREATE TABLE event_digest (
    content INTEGER PRIMARY KEY REFERENCES content (id),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
);

-- Files that were made to share their blocks with others of the same content and device (Sync/LinkCopies.swift). A file
-- that was written to since has another ctime.
CREATE TABLE shared_file (
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    ctime INTEGER NOT NULL,
    PRIMARY KEY (device, inode)
) WITHOUT ROWID;
