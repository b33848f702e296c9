-- The indexes without which nothing can be merged into a place's database or planned from it. A base does not carry them: they
-- are made here faster than they would be downloaded. Not part of the format.

CREATE UNIQUE INDEX IF NOT EXISTS content_digest ON content (digest);
CREATE INDEX IF NOT EXISTS entry_content ON entry (content);
