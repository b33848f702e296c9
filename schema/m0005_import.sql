-- What `import` has read from buckets that other programs fill, so that an unchanged object is not read again.

-- A bucket, whatever prefix of it was imported; named as places are, without a prefix.
CREATE TABLE import_bucket (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- An object as a listing told of it, and what was found in it.
CREATE TABLE import_object (
    bucket INTEGER NOT NULL REFERENCES import_bucket (id),
    key TEXT NOT NULL,
    etag TEXT, -- NULL where the server tells none
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL, -- when it was stored, by the bucket's clock
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    mtime INTEGER NOT NULL, -- of the file that it holds
    reader INTEGER, -- version of the reader that made `replay`
    replay TEXT, -- what was found in a replay, as JSON, until that is committed
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;
CREATE INDEX import_object_uncommitted ON import_object (bucket) WHERE replay IS NOT NULL;
