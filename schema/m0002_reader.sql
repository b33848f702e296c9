-- Finds what an older reader found, so that it can be read again (Catalog+Replays.swift).
CREATE INDEX replay_reader ON replay (reader, content);
