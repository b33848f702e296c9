import ArgumentParser
import ReplayCache

struct Remove: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove entries of a repository.",
        usage: "replaycache rm [<remote>] [<path> ...] [<options>]",
        discussion: """
            Removes what is named, or the replays that are selected, from what others see. The bytes stay for 30 days: \
            `replaycache restore` brings the entries back. What a dataset names stays for as long as the dataset does. Local \
            files stay, and are not published again.

            Examples:
              replaycache rm /mnt/backup/melee replays/fox/Game_20261124T150000.slp
              replaycache rm /mnt/backup/melee -r replays/old --dry-run
              replaycache rm /mnt/backup/melee --character ganondorf --max-delete 500
            """
    )

    @Argument(help: ArgumentHelp("The repository, and the paths to remove.", valueName: "remote> <path"))
    var arguments: [String] = []

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Flag(name: .shortAndLong, help: "Remove folders with everything in them.")
    var recursive = false

    @OptionGroup var limit: DeletionLimit

    @Flag(help: "Only say what would be removed.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let isRemoteGiven = arguments.first.map(Place.isPlace) ?? false
        let place = try RemoteArgument.place(isRemoteGiven ? arguments[0] : nil, other: arguments.first)
        // A shell completes a folder with a slash.
        let paths = try arguments.dropFirst(isRemoteGiven ? 1 : 0).map { path in
            try LogicalPath(path.hasSuffix("/") ? String(path.dropLast()) : path)
        }
        var options = RemoveOptions(paths: paths)
        options.selection = try selection.selection()
        options.isRecursive = recursive
        options.maximum = limit.maxDelete
        options.isDryRun = dryRun
        try await global.run { [options] in try await $0.remove(at: place, options: options) }
    }
}
