import ArgumentParser
import ReplayCache

struct Import: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over replays from a folder, an archive or a bucket.",
        discussion: """
            SOURCE is a folder, a .zip, .7z or .tar (also .tar.gz, .tar.xz, .tar.zst), or a packed replay such as \
            game.slp.gz or game.slpz. Archives are read as a stream and never unpacked whole; those inside SOURCE are \
            opened too, and stand as folders of their names. What the remote has, under any name, is not sent again, and \
            what was interrupted continues when it is run again.

            SOURCE may also be a bucket or a prefix of one where paths are keys, as rclone lays them out, such as \
            b2:my-bucket; the repository may lie below it. Keys become paths below --into; a folder checkpoints/ at the \
            top stays one, and replays/ is where --into leads. Modification times come along. Each object is read once; \
            what is unchanged since an earlier import is not read again. A server that has both copies objects of up to \
            32 MiB by itself: nothing is sent, and they stay at full size, at rest and in every fetch; --recode sends them \
            encoded, which makes about a fifth of a replay. A key that may only read is \
            enough for SOURCE, and nothing in it is changed.

            Other than push, this command remembers nothing of a folder or an archive and keeps nothing on this machine: \
            it reads everything each time, never replaces what a path holds at the remote, does not bring back what was \
            removed there, and can select by what is in a file.

            Refused one by one, while the rest goes on: members that are damaged, encrypted, links or implausibly large, \
            and names that lead elsewhere, have control characters, or differ from another only in case. Bytes of a name \
            that are not UTF-8 become %XX. Damaged and unfinished replays that were whole in SOURCE are taken as they \
            are, and named. Exit status 3 when something was refused, 4 when SOURCE is damaged.

            Examples:
              replaycache import ~/Downloads/dump.7z b2:my-bucket/replaycache --character zelda
              replaycache import b2:my-bucket b2:my-bucket/replaycache --dry-run
              replaycache import ~/old-replays --into replays/old --dry-run
            """
    )

    @Argument(help: "The folder, the archive or the bucket.")
    var source: String

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @Option(help: ArgumentHelp("The path in the repository that SOURCE stands for.", valueName: "path"))
    var into = "replays"

    @Option(help: ArgumentHelp("Take only files whose path in SOURCE matches; may be repeated.", valueName: "glob"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave files whose path in SOURCE matches; may be repeated.", valueName: "glob"))
    var exclude: [String] = []

    @Option(help: ArgumentHelp("Drop this many leading folders of each path.", valueName: "n"))
    var stripComponents = 0

    @Flag(help: "Take archives that are inside SOURCE as files, instead of opening them.")
    var keepArchives = false

    @Flag(help: "Encode and send what is in a bucket, where the server could copy it as it is.")
    var recode = false

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Flag(help: "Only say what would be done; SOURCE is read all the same, but of a bucket only the listing.")
    var dryRun = false

    @OptionGroup(title: "Network") var transfer: TransferArguments

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard stripComponents >= 0 else { throw ValidationError("--strip-components takes a number from 0") }
    }

    func run() async throws {
        let place = try RemoteArgument.place(remote)
        var options = try ImportOptions(into: into)
        options.includes = include
        options.excludes = exclude
        options.selection = try selection.selection()
        options.strippedComponents = stripComponents
        options.keepsArchives = keepArchives
        options.isDryRun = dryRun
        options.recodes = recode
        let bucket = try Place.ofSource(source)
        try await global.run(transfer.options()) { [options] in
            if let bucket { return try await $0.importFiles(of: bucket, to: place, options: options) }
            return try await $0.importFiles(of: source, to: place, options: options)
        }
    }
}
