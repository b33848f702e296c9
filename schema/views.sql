-- The documented views of the local catalog (docs/catalog.md): a public interface, stable across migrations. Made anew
-- whenever the program that opens the catalog has other ones.

-- Every name of every known file.
DROP VIEW IF EXISTS files;
CREATE VIEW files AS
SELECT root.path || '/' || file_path.path AS path,
       root.path AS root,
       file_path.path AS relative_path,
       nullif(lower(hex(content.digest)), '') AS sha256, -- NULL where `problem` says why
       file.size AS size,
       file.mtime AS mtime_ns,
       file.problem AS problem,
       content.digest AS digest,
       strftime('%Y-%m-%dT%H:%M:%SZ', file.mtime / 1000000000, 'unixepoch') AS modified_at,
       file.verified_at AS verified_ns
FROM file_path
JOIN root ON root.id = file_path.root
JOIN file ON file.id = file_path.file
LEFT JOIN content ON content.id = file.content;

-- Contents held by more than one physical file; hard links are one file. What shares its blocks takes the room of one.
DROP VIEW IF EXISTS duplicates;
CREATE VIEW duplicates AS
SELECT lower(hex(content.digest)) AS sha256,
       content.size AS size,
       count(*) AS copies,
       (count(DISTINCT iif(shared_file.inode IS NULL, file.id, 'shared on ' || file.device)) - 1) * content.size AS wasted,
       content.digest AS digest
FROM file
JOIN content ON content.id = file.content
LEFT JOIN shared_file ON shared_file.device = file.device AND shared_file.inode = file.inode
    AND shared_file.ctime = file.ctime
WHERE EXISTS (SELECT 1 FROM file_path WHERE file_path.file = file.id)
GROUP BY content.id
HAVING count(*) > 1;

-- One row a local replay content, whatever its names, in the columns of a base. Who plays whom is worked out from the packed players: of
-- two that are no team without looking further, else side by side, in windows because only they promise an order.
DROP VIEW IF EXISTS replays;
CREATE VIEW replays AS
SELECT (SELECT min(root.path || '/' || file_path.path) FROM file JOIN file_path ON file_path.file = file.id
           JOIN root ON root.id = file_path.root WHERE file.content = content.id) AS path,
       lower(hex(content.digest)) AS sha256,
       content.size AS size,
       game.version AS version,
       game.stage AS stage_id,
       coalesce(stage_name.name, 'stage ' || game.stage) AS stage,
       coalesce(game.started_at, strftime('%Y-%m-%dT%H:%M:%SZ', game.started_at_seconds, 'unixepoch')) AS started_at,
       game.started_at_seconds AS started_at_seconds,
       game.last_frame + 124 AS frames,
       (game.last_frame + 124) / 60.0 AS duration_seconds,
       game.is_complete AS complete,
       game.problem AS problem,
       game.played_on AS played_on,
       game.match_id AS match_id,
       game.game AS game,
       game.tiebreaker AS tiebreaker,
       game.winner_ports AS winner_ports,
       game.is_teams AS is_teams,
       CASE WHEN game.match_id GLOB 'mode.*-*'
           THEN substr(game.match_id, 6, instr(game.match_id, '-') - 6) END AS mode,
       game.end_method AS end_method,
       game.start_stocks AS start_stocks,
       game.seed AS seed,
       strftime('%Y-%m', game.started_at_seconds, 'unixepoch') AS month,
       game.stage IN (2, 3, 8, 28, 31, 32) AS legal_stage,
       (game.player1 IS NOT NULL) + (game.player2 IS NOT NULL) + (game.player3 IS NOT NULL)
           + (game.player4 IS NOT NULL) AS player_count,
       ifnull(game.player1 >> 16 & 511 = 1, 0) + ifnull(game.player2 >> 16 & 511 = 1, 0)
           + ifnull(game.player3 >> 16 & 511 = 1, 0) + ifnull(game.player4 >> 16 & 511 = 1, 0) AS humans,
       CASE WHEN NOT ifnull(game.is_teams, 0) AND (game.player1 IS NOT NULL) + (game.player2 IS NOT NULL)
               + (game.player3 IS NOT NULL) + (game.player4 IS NOT NULL) = 2
           THEN (SELECT min(name) || ' vs ' || max(name) FROM (
               SELECT coalesce(named.name, 'character ' || one.id) AS name
               FROM (SELECT coalesce(game.player1, game.player2, game.player3) >> 8 & 255 AS id
                   UNION ALL SELECT coalesce(game.player4, game.player3, game.player2) >> 8 & 255) one
               LEFT JOIN character_name named ON named.id = one.id))
           ELSE (
               SELECT group_concat(side, ' vs ') OVER (
                   ORDER BY side ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
               FROM (
                   SELECT DISTINCT team, group_concat(name, '+') OVER (
                       PARTITION BY team ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS side
                   FROM (
                       SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name,
                           CASE WHEN game.is_teams AND one.packed >> 25 & 511 THEN 100 + (one.packed >> 25 & 511)
                               ELSE one.port END AS team
                       FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                           UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                       LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                       WHERE one.packed IS NOT NULL))
               LIMIT 1)
       END AS matchup,
       CASE WHEN game.winner_ports IN ('1', '2', '3', '4')
           THEN (SELECT coalesce(named.name, 'character ' || one.id)
               FROM (SELECT CASE game.winner_ports WHEN '1' THEN game.player1 WHEN '2' THEN game.player2
                   WHEN '3' THEN game.player3 ELSE game.player4 END >> 8 & 255 AS id) one
               LEFT JOIN character_name named ON named.id = one.id)
           ELSE (SELECT group_concat(name, '+') OVER (
                   ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
               FROM (
                   SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name
                   FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                       UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                   LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                   WHERE one.packed IS NOT NULL AND instr(game.winner_ports, one.port))
               LIMIT 1)
       END AS winner,
       content.digest AS digest
FROM game
JOIN content ON content.id = game.content
LEFT JOIN stage_name ON stage_name.id = game.stage;

-- One row a player of a replay content.
DROP VIEW IF EXISTS players;
CREATE VIEW players AS
SELECT lower(hex(content.digest)) AS sha256,
       player.port AS port,
       player.character AS character_id,
       coalesce(character_name.name, 'character ' || player.character) AS character,
       player.type AS type,
       player.costume AS costume,
       player.team AS team,
       player.display_name AS display_name,
       player.connect_code AS connect_code,
       player.name_tag AS name_tag,
       instr(game.winner_ports, player.port) > 0 AS won,
       (SELECT group_concat(side, ' vs ') OVER (
               ORDER BY side ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
           FROM (
               SELECT DISTINCT team, group_concat(name, '+') OVER (
                   PARTITION BY team ORDER BY name ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS side
               FROM (
                   SELECT coalesce(named.name, 'character ' || (one.packed >> 8 & 255)) AS name,
                       CASE WHEN game.is_teams AND one.packed >> 25 & 511 THEN 100 + (one.packed >> 25 & 511)
                           ELSE one.port END AS team
                   FROM (SELECT 1 AS port, game.player1 AS packed UNION ALL SELECT 2, game.player2
                       UNION ALL SELECT 3, game.player3 UNION ALL SELECT 4, game.player4) one
                   LEFT JOIN character_name named ON named.id = one.packed >> 8 & 255
                   WHERE one.packed IS NOT NULL AND one.port <> player.port)
               WHERE team IS NOT CASE WHEN game.is_teams THEN 101 + player.team END)
           LIMIT 1) AS opponent,
       content.digest AS digest
FROM player
JOIN content ON content.id = player.content
JOIN game ON game.content = player.content
LEFT JOIN character_name ON character_name.id = player.character;
