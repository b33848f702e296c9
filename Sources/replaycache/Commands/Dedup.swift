import ArgumentParser
import ReplayCache

struct Dedup: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Find copies, and games that were recorded twice.",
        discussion: """
            Finds files with the same content, replays whose events are the same while names or dates were changed, and \
            recordings of one game by both players' machines. Hard links of one file are not copies of it. Of a remote, \
            also tells how much its checkpoints share.

            Nothing is ever deleted. --format paths prints all but the one of each group to keep, for a tool of your \
            choice. --limit counts groups. --apply link makes exact copies below a folder take the room of one, once their bytes are compared: \
            they share their blocks where the file system can (Btrfs, XFS, ZFS); elsewhere they become names of one \
            file, which is made read-only. --apply reflink does only the former.

            Examples:
              replaycache dedup ~/slp
              replaycache dedup ~/slp --prefer longest --format paths -0 | xargs -0 -n1 echo
              replaycache dedup ~/slp --apply link --dry-run
              replaycache dedup --remote /mnt/backup/melee --json
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv, paths }
    enum Action: String, ExpressibleByArgument, CaseIterable { case link, reflink }
    enum Preference: String, ExpressibleByArgument, CaseIterable { case longest, complete, metadata }

    @Argument(help: "The folder, scanned first; without it all folders known.")
    var dir: String?

    @Option(help: ArgumentHelp("Look among the entries of this repository.", valueName: "remote"))
    var remote: String?

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Option(
        help: ArgumentHelp(
            "Which recording of a game to keep; the other two decide where it leaves that open.",
            valueName: "preference"
        )
    )
    var prefer = Preference.complete

    @Option(help: ArgumentHelp("How to print the groups.", valueName: "format"))
    var format = Format.table

    @Flag(name: .customShort("0"), help: "With --format paths: end each path with a NUL.")
    var nul = false

    @Option(help: ArgumentHelp("Make the exact copies below the folder take the room of one.", valueName: "action"))
    var apply: Action?

    @Flag(help: "With --apply: only tell what would be linked.")
    var dryRun = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if dir != nil && remote != nil { throw ValidationError("a folder and --remote contradict each other") }
        if nul && format != .paths { throw ValidationError("-0 goes with --format paths") }
        if apply != nil && dir == nil { throw ValidationError("--apply needs the folder whose files are to be linked") }
        if apply != nil && format != .table {
            throw ValidationError("--apply prints no groups; --format goes without it")
        }
        if dryRun && apply == nil { throw ValidationError("--dry-run goes with --apply") }
    }

    func run() async throws {
        let selection = try selection.selection()
        if let apply, let dir {
            var options = LinkOptions()
            options.selection = selection
            options.allowsHardLinks = apply == .link
            options.isDryRun = dryRun
            return try await global.run { [options] in try await $0.linkDuplicates(in: dir, options: options) }
        }
        var options = DedupOptions()
        options.selection = selection
        options.preference = prefer.preference
        let printer = DuplicatePrinter(format: global.json ? .json : format, isRemote: remote != nil, endsWithNUL: nul)
        let workspace = try await global.open().workspace
        try printer.begin()
        let summary: SyncSummary
        if let remote {
            let tellSharing: @Sendable (SharingRow) throws -> Void = { try printer.tell($0) }
            summary = try await workspace.duplicates(
                at: try Place(remote),
                options: options,
                sharing: printer.tellsSharing ? tellSharing : nil
            ) { try printer.tell($0) }
        } else {
            summary = try await workspace.duplicates(in: dir, options: options) { try printer.tell($0) }
        }
        try printer.end(summary)
        try global.conclude(summary)
    }
}

extension Dedup.Preference {
    fileprivate var preference: RecordingPreference {
        switch self {
        case .longest: .longest
        case .complete: .complete
        case .metadata: .metadata
        }
    }
}
