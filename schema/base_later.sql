-- Indexes that only make questions by character faster: made in a place's database when the first one is asked, which then
-- takes about twice as long. Not part of the format.

CREATE INDEX IF NOT EXISTS game_character1 ON game (player1 >> 8 & 255) WHERE player1 IS NOT NULL;
CREATE INDEX IF NOT EXISTS game_character2 ON game (player2 >> 8 & 255) WHERE player2 IS NOT NULL;
CREATE INDEX IF NOT EXISTS game_character3 ON game (player3 >> 8 & 255) WHERE player3 IS NOT NULL;
CREATE INDEX IF NOT EXISTS game_character4 ON game (player4 >> 8 & 255) WHERE player4 IS NOT NULL;
