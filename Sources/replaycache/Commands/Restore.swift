import ArgumentParser
import ReplayCache

struct Restore: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring back what a path of a repository held before.",
        discussion: """
            A file that was deleted comes back as it was; one that stands becomes again what it was before. @WHEN names a \
            moment instead: a time (2026-11-24T15:00:00Z), a day (2026-11-24), or how long ago (10m, 2h, 3d). With -r \
            all files of a folder that were deleted come back, or with @WHEN all that changed since, as they were then. \
            Nothing is removed, and others see the result with their next fetch.

            Examples:
              replaycache restore replays/fox/Game_20261124T150000.slp /mnt/backup/melee
              replaycache restore -r replays/mewtwo@2h
              replaycache restore -r replays --deleted-since 1h --dry-run
            """
    )

    @Argument(help: ArgumentHelp("The path in the repository, and the moment.", valueName: "path[@when]"))
    var path: String

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @Flag(name: .shortAndLong, help: "Restore the files of a folder.")
    var recursive = false

    @Option(help: ArgumentHelp("With -r: only files that were deleted since then.", valueName: "when"))
    var deletedSince: String?

    @Flag(help: "Only say what would be restored.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard let deletedSince else { return }
        guard Moment(deletedSince) != nil else {
            let shown = DisplayText.quoted(deletedSince)
            throw ValidationError(
                "--deleted-since takes a moment such as 2h, 2026-11-24 or 2026-11-24T15:00:00Z, not \(shown)"
            )
        }
        if !recursive { throw ValidationError("--deleted-since goes with -r") }
    }

    func run() async throws {
        let place = try RemoteArgument.place(remote)
        let named = try PathAtMoment(path)
        var options = RestoreOptions(path: named.path)
        options.moment = named.moment
        options.isRecursive = recursive
        options.deletedSince = deletedSince.flatMap { Moment($0) }
        options.isDryRun = dryRun
        try await global.run { [options] in try await $0.restore(at: place, options: options) }
    }
}
