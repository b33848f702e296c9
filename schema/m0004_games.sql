-- Replays are held as a base holds them (base.sql, base_4.sql): one row a game, its players packed, names apart. What belongs
-- to the log of a place alone is left out, and the seed is always kept.

CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    display_name TEXT,
    connect_code TEXT,
    name_tag TEXT
);
CREATE INDEX person_names ON person (connect_code, display_name, name_tag);

-- One row a content, in the columns of a base.
CREATE TABLE game (
    content INTEGER PRIMARY KEY REFERENCES content (id),
    reader INTEGER NOT NULL,
    version TEXT,
    is_teams INTEGER,
    is_complete INTEGER NOT NULL,
    problem TEXT,
    end_method INTEGER,
    tiebreaker INTEGER,
    played_on TEXT,
    started_at TEXT,
    person4 INTEGER REFERENCES person (id),
    player4 INTEGER,
    person3 INTEGER REFERENCES person (id),
    player3 INTEGER,
    match_id TEXT,
    person1 INTEGER REFERENCES person (id),
    player1 INTEGER,
    person2 INTEGER REFERENCES person (id),
    player2 INTEGER,
    winner_ports TEXT,
    stage INTEGER,
    game INTEGER,
    started_at_seconds INTEGER,
    last_frame INTEGER,
    seed INTEGER,
    start_stocks INTEGER
);
-- Finds what an older reader found, so that it can be read again (Catalog+Replays.swift).
CREATE INDEX game_reader ON game (reader);

-- All that was read, as JSON: what a push publishes.
CREATE TABLE game_metadata (
    content INTEGER PRIMARY KEY REFERENCES content (id),
    metadata TEXT NOT NULL
);

-- What the older tables held.
INSERT INTO person (display_name, connect_code, name_tag)
SELECT DISTINCT display_name, connect_code, name_tag FROM player
WHERE coalesce(display_name, connect_code, name_tag) IS NOT NULL;

CREATE TEMP TABLE packed_player AS
SELECT content, port, (costume & 255) + 256 * (character & 255) + 33554432 * coalesce(team + 1, 0)
    + 65536 * CASE WHEN type = 'human' THEN 1 WHEN type = 'cpu' THEN 2 WHEN type = 'demo' THEN 3
        WHEN type GLOB 'type [0-9]*' THEN 1 + CAST(substr(type, 6) AS INTEGER) ELSE 0 END AS packed
FROM player;
CREATE INDEX temp.packed_player_content ON packed_player (content, port);

INSERT INTO game (content, reader, version, is_teams, is_complete, problem, end_method, tiebreaker, played_on, started_at,
    person4, player4, person3, player3, match_id, person1, player1, person2, player2, winner_ports, stage, game,
    started_at_seconds, last_frame, seed, start_stocks)
SELECT content, reader, version, is_teams, is_complete, problem, end_method, tiebreaker, played_on,
    nullif(started_at, strftime('%Y-%m-%dT%H:%M:%SZ', started_at_seconds, 'unixepoch')),
    (SELECT n.id FROM person n JOIN player p ON n.connect_code IS p.connect_code
        AND n.display_name IS p.display_name AND n.name_tag IS p.name_tag
        WHERE p.content = replay.content AND p.port = 4),
    (SELECT packed FROM temp.packed_player p WHERE p.content = replay.content AND p.port = 4),
    (SELECT n.id FROM person n JOIN player p ON n.connect_code IS p.connect_code
        AND n.display_name IS p.display_name AND n.name_tag IS p.name_tag
        WHERE p.content = replay.content AND p.port = 3),
    (SELECT packed FROM temp.packed_player p WHERE p.content = replay.content AND p.port = 3),
    match_id,
    (SELECT n.id FROM person n JOIN player p ON n.connect_code IS p.connect_code
        AND n.display_name IS p.display_name AND n.name_tag IS p.name_tag
        WHERE p.content = replay.content AND p.port = 1),
    (SELECT packed FROM temp.packed_player p WHERE p.content = replay.content AND p.port = 1),
    (SELECT n.id FROM person n JOIN player p ON n.connect_code IS p.connect_code
        AND n.display_name IS p.display_name AND n.name_tag IS p.name_tag
        WHERE p.content = replay.content AND p.port = 2),
    (SELECT packed FROM temp.packed_player p WHERE p.content = replay.content AND p.port = 2),
    winner_ports, stage, game, started_at_seconds, last_frame, seed,
    CASE WHEN json_valid(metadata)
        THEN (SELECT nullif(min(p.value ->> 'startStocks'), 0) FROM json_each(metadata, '$.players') p) END
FROM replay ORDER BY content;
INSERT INTO game_metadata (content, metadata) SELECT content, metadata FROM replay ORDER BY content;

DROP TABLE temp.packed_player;
DROP TABLE player;
DROP TABLE replay;

-- The same as a base has, for statements that read either, and what only the catalog has.
CREATE VIEW replay AS
SELECT content, reader, version, stage, is_teams,
       coalesce(started_at, strftime('%Y-%m-%dT%H:%M:%SZ', started_at_seconds, 'unixepoch')) AS started_at,
       started_at_seconds, last_frame, is_complete, problem, end_method, winner_ports, match_id, game, tiebreaker,
       played_on, seed, start_stocks,
       (SELECT metadata FROM game_metadata WHERE game_metadata.content = game.content) AS metadata
FROM game;

CREATE VIEW player AS
SELECT game.content AS content, 1 AS port, game.player1 >> 8 & 255 AS character,
       CASE game.player1 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player1 >> 16 & 511) - 1) END AS type,
       game.player1 & 255 AS costume, nullif(game.player1 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person1 WHERE game.player1 IS NOT NULL
UNION ALL
SELECT game.content AS content, 2 AS port, game.player2 >> 8 & 255 AS character,
       CASE game.player2 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player2 >> 16 & 511) - 1) END AS type,
       game.player2 & 255 AS costume, nullif(game.player2 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person2 WHERE game.player2 IS NOT NULL
UNION ALL
SELECT game.content AS content, 3 AS port, game.player3 >> 8 & 255 AS character,
       CASE game.player3 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player3 >> 16 & 511) - 1) END AS type,
       game.player3 & 255 AS costume, nullif(game.player3 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person3 WHERE game.player3 IS NOT NULL
UNION ALL
SELECT game.content AS content, 4 AS port, game.player4 >> 8 & 255 AS character,
       CASE game.player4 >> 16 & 511 WHEN 0 THEN 'unknown' WHEN 1 THEN 'human' WHEN 2 THEN 'cpu' WHEN 3 THEN 'demo'
           ELSE 'type ' || ((game.player4 >> 16 & 511) - 1) END AS type,
       game.player4 & 255 AS costume, nullif(game.player4 >> 25 & 511, 0) - 1 AS team,
       person.display_name AS display_name, person.connect_code AS connect_code, person.name_tag AS name_tag
FROM game LEFT JOIN person ON person.id = game.person4 WHERE game.player4 IS NOT NULL;
