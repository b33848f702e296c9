import ArgumentParser
import ReplayCache
import Synchronization

/// `replaycache gc`.
struct GC: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Free the space of objects at a remote that nothing refers to.",
        discussion: """
            Works in two steps, so that no machine needs to wait for another: a run condemns what nothing has referred \
            to for a while, and removes what an earlier run, at least a day ago, has condemned. What an entry held \
            stays for 30 days after it was replaced or deleted. Run it once a day or week.

            Examples:
              replaycache gc b2:my-bucket/replaycache --dry-run
              replaycache gc b2:my-bucket/replaycache
            """
    )

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @Flag(help: "Only list what would be removed or condemned, with the last path that referred to it.")
    var dryRun = false

    @Flag(help: "Go on although more than half of all objects would go.")
    var yes = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let place = try RemoteArgument.place(remote)
        var options = GarbageOptions()
        options.isDryRun = dryRun
        options.insists = yes
        let table = Mutex(Table(["ACTION", "SIZE", "KEY", "PATH"]))
        let (isJSON, isQuiet) = (global.json, global.quiet)
        try await global.run { [options] workspace in
            let summary = try await workspace.collectGarbage(at: place, options: options) { row in
                if isJSON { return try Console.json(row) }
                guard !isQuiet else { return }
                try table.withLock {
                    try $0.add([row.action.rawValue, ByteCount(row.bytes).description, row.key, row.path ?? "-"])
                }
            }
            try table.withLock { try $0.flush() }
            return summary
        }
    }
}
