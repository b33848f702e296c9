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
       file.problem AS problem
FROM file_path
JOIN root ON root.id = file_path.root
JOIN file ON file.id = file_path.file
LEFT JOIN content ON content.id = file.content;

-- Contents held by more than one physical file; hard links are one file.
DROP VIEW IF EXISTS duplicates;
CREATE VIEW duplicates AS
SELECT lower(hex(content.digest)) AS sha256,
       content.size AS size,
       count(*) AS copies,
       (count(*) - 1) * content.size AS wasted
FROM file
JOIN content ON content.id = file.content
WHERE EXISTS (SELECT 1 FROM file_path WHERE file_path.file = file.id)
GROUP BY content.id
HAVING count(*) > 1;

-- One row a local replay content, whatever its names.
DROP VIEW IF EXISTS replays;
CREATE VIEW replays AS
SELECT lower(hex(content.digest)) AS sha256,
       content.size AS size,
       replay.version AS version,
       replay.stage AS stage_id,
       coalesce(stage_name.name, 'stage ' || replay.stage) AS stage,
       replay.started_at AS started_at,
       replay.started_at_seconds AS started_at_seconds,
       replay.last_frame + 124 AS frames,
       (replay.last_frame + 124) / 60.0 AS duration_seconds,
       replay.is_complete AS complete,
       replay.problem AS problem,
       replay.played_on AS played_on,
       replay.match_id AS match_id,
       replay.game AS game,
       replay.tiebreaker AS tiebreaker,
       replay.winner_ports AS winner_ports,
       replay.is_teams AS is_teams
FROM replay
JOIN content ON content.id = replay.content
LEFT JOIN stage_name ON stage_name.id = replay.stage;
