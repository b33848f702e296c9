-- Indexes of a place's database that a base does not carry: made here faster than they would be downloaded. Not part of the
-- format.

CREATE UNIQUE INDEX IF NOT EXISTS content_digest ON content (digest);
CREATE INDEX IF NOT EXISTS entry_content ON entry (content);
