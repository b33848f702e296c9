import ArgumentParser
import ReplayCache

struct Copy: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy a repository to another place.",
        discussion: """
            What the target has is not sent again, and an interrupted copy continues. Both stay repositories of their \
            own: a path that somebody changed at the target is left there and named. The history of paths is not copied.

            Examples:
              replaycache copy b2:melee/replaycache r2:melee/replaycache
              replaycache copy b2:melee/replaycache /mnt/backup/melee --delete --dry-run
            """
    )

    @Argument(help: "The repository to copy.")
    var from: String

    @Argument(help: "The repository to copy to; created if nothing is there.")
    var to: String

    @OptionGroup var deletion: DeletionArguments

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (source, target) = (try Place(from), try Place(to))
        var options = CopyOptions()
        options.deletion = deletion.options()
        options.isDryRun = dryRun
        try await global.run(transfer.options()) { [options] in
            try await $0.copy(source, to: target, options: options)
        }
    }
}
