-- The index without which nothing can be merged into a place's database. A base does not carry it: it is made here faster
-- than it would be downloaded. Not part of the format.

CREATE UNIQUE INDEX IF NOT EXISTS content_digest ON content (digest);
