-- Answers questions by character without a look at the other games: made in a place's database when the second one is asked,
-- since a scan answers the first in less time. Not part of the format.

-- What earlier versions of the program made.
DROP INDEX IF EXISTS game_character1;
DROP INDEX IF EXISTS game_character2;
DROP INDEX IF EXISTS game_character3;
DROP INDEX IF EXISTS game_character4;
DROP TRIGGER IF EXISTS game_character_replaced;
DROP TRIGGER IF EXISTS game_character_inserted;
DROP TRIGGER IF EXISTS game_character_deleted;
DROP TRIGGER IF EXISTS game_character_entry_replaced;
DROP TRIGGER IF EXISTS game_character_entry_inserted;
DROP TRIGGER IF EXISTS game_character_entry_deleted;
DROP TRIGGER IF EXISTS game_character_entry_updated;
DROP TABLE IF EXISTS game_character;

-- Who plays in which content.
CREATE TABLE character_game (
    character INTEGER NOT NULL,
    content INTEGER NOT NULL,
    PRIMARY KEY (character, content)
) WITHOUT ROWID;

INSERT INTO character_game (character, content)
SELECT player1 >> 8 & 255 AS character, content FROM game WHERE player1 IS NOT NULL
UNION SELECT player2 >> 8 & 255, content FROM game WHERE player2 IS NOT NULL
UNION SELECT player3 >> 8 & 255, content FROM game WHERE player3 IS NOT NULL
UNION SELECT player4 >> 8 & 255, content FROM game WHERE player4 IS NOT NULL
ORDER BY 1, 2;

-- Contents of which a count of games does not tell how many paths hold them: every game whose content is not here is at exactly
-- one path; one that is here may be at one too.
CREATE TABLE counted_apart (
    content INTEGER PRIMARY KEY
);

INSERT INTO counted_apart (content)
SELECT content FROM entry WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1
UNION
SELECT content FROM game WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.content = game.content);

-- Kept current from here on. A path is merged before the game that it holds, and nothing takes the place of a row without an
-- UPDATE, of which triggers are told. DO NOTHING holds in a trigger whatever the statement says that fires it; OR IGNORE
-- would not.
CREATE TRIGGER character_game_inserted AFTER INSERT ON game BEGIN
    INSERT INTO character_game (character, content)
    SELECT NEW.player1 >> 8 & 255, NEW.content WHERE NEW.player1 IS NOT NULL
    UNION ALL SELECT NEW.player2 >> 8 & 255, NEW.content WHERE NEW.player2 IS NOT NULL
    UNION ALL SELECT NEW.player3 >> 8 & 255, NEW.content WHERE NEW.player3 IS NOT NULL
    UNION ALL SELECT NEW.player4 >> 8 & 255, NEW.content WHERE NEW.player4 IS NOT NULL
    ON CONFLICT DO NOTHING;
    INSERT INTO counted_apart (content)
    SELECT NEW.content WHERE NOT EXISTS (SELECT 1 FROM entry WHERE content = NEW.content)
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER character_game_updated AFTER UPDATE ON game BEGIN
    DELETE FROM character_game WHERE content = OLD.content AND character IN (
        OLD.player1 >> 8 & 255, OLD.player2 >> 8 & 255, OLD.player3 >> 8 & 255, OLD.player4 >> 8 & 255);
    INSERT INTO character_game (character, content)
    SELECT NEW.player1 >> 8 & 255, NEW.content WHERE NEW.player1 IS NOT NULL
    UNION ALL SELECT NEW.player2 >> 8 & 255, NEW.content WHERE NEW.player2 IS NOT NULL
    UNION ALL SELECT NEW.player3 >> 8 & 255, NEW.content WHERE NEW.player3 IS NOT NULL
    UNION ALL SELECT NEW.player4 >> 8 & 255, NEW.content WHERE NEW.player4 IS NOT NULL
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER character_game_deleted AFTER DELETE ON game BEGIN
    DELETE FROM character_game WHERE content = OLD.content AND character IN (
        OLD.player1 >> 8 & 255, OLD.player2 >> 8 & 255, OLD.player3 >> 8 & 255, OLD.player4 >> 8 & 255);
END;
CREATE TRIGGER counted_apart_inserted AFTER INSERT ON entry
WHEN EXISTS (SELECT 1 FROM entry WHERE content = NEW.content AND path <> NEW.path) BEGIN
    INSERT INTO counted_apart (content) VALUES (NEW.content) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER counted_apart_updated AFTER UPDATE ON entry WHEN OLD.content IS NOT NEW.content BEGIN
    INSERT INTO counted_apart (content)
    SELECT content FROM (SELECT OLD.content AS content UNION ALL SELECT NEW.content) WHERE content IS NOT NULL
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER counted_apart_deleted AFTER DELETE ON entry WHEN OLD.content IS NOT NULL BEGIN
    INSERT INTO counted_apart (content) VALUES (OLD.content) ON CONFLICT DO NOTHING;
END;
