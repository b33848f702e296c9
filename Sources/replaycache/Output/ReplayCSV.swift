import ReplayCache

/// `query --format csv`: a replay a line, its players side by side.
enum ReplayCSV {
    /// The names of the columns, which are those of the views (`docs/catalog.md`).
    static let header =
        [
            "path", "local_path", "sha256", "size", "version", "stage_id", "stage", "started_at", "frames",
            "duration_seconds", "complete", "problem", "played_on", "match_id", "winner_ports",
        ] + (1...4).flatMap { port in playerColumns.map { "port\(port)_\($0)" } }

    private static let playerColumns = [
        "character", "character_id", "type", "team", "connect_code", "display_name", "name_tag",
    ]

    static func line(_ row: ReplayRow) -> String {
        var cells: [String?] = [
            row.path, row.localPath, row.sha256.hex, "\(row.size)", row.version, row.stageId.map(String.init),
            row.stage,
            row.startedAt, row.frames.map(String.init), row.durationSeconds.map { "\($0)" }, row.complete ? "1" : "0",
            row.problem, row.playedOn, row.matchId,
            row.winnerPorts.map { $0.map(String.init).joined(separator: ",") },
        ]
        for port in 1...4 { cells += player(row.players.first { $0.port == port }) }
        return CSV.line(cells)
    }

    private static func player(_ player: ReplayRow.Player?) -> [String?] {
        guard let player else { return playerColumns.map { _ in nil } }
        return [
            player.character, "\(player.characterId)", player.type, player.team.map(String.init), player.connectCode,
            player.displayName, player.nameTag,
        ]
    }
}
