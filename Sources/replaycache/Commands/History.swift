import ArgumentParser
import ReplayCache

struct History: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a path of a repository held, and when.",
        discussion: """
            Newest version first. Of two who changed a path at the same time one is shown; the other is here, as lost, \
            and can be restored.

            Examples:
              replaycache history replays/fox/Game_20261124T150000.slp /mnt/backup/melee
              replaycache history checkpoints/mewtwo/latest.pt
            """
    )

    @Argument(help: "The path in the repository.")
    var path: String

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try RemoteArgument.place(remote)
        let reading = try await global.open()
        let (summary, versions) = try await reading.workspace.history(of: try LogicalPath(path), at: place)
        var table = Table(["WHEN", "WHAT", "SIZE", "CONTENT", "HOST", "NOTE"])
        for row in versions {
            if global.json {
                try Console.json(row)
            } else {
                try table.add([
                    row.at, row.change.rawValue, row.size.map { ByteCount($0).description } ?? "-",
                    row.sha256.map { String($0.hex.prefix(8)) } ?? "-", row.host, Self.note(row),
                ])
            }
        }
        try table.flush()
        try global.conclude(summary)
    }

    private static func note(_ row: VersionRow) -> String {
        if row.isCurrent { return "current" }
        guard row.change != .deleted, row.sha256 != nil, row.size != nil else { return "" }
        guard row.isRestorable else { return "no longer kept" }
        return row.restorableUntil.map { "restorable, at least until \($0.prefix(10))" } ?? "restorable"
    }
}
