import ArgumentParser
import ReplayCache

struct Verify: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare a folder with the catalog, or a remote with what it should hold.",
        usage: "replaycache verify <dir or remote> [<options>]",
        discussion: """
            Of a folder, every byte is read: finds files that changed although nobody wrote to them. Of a remote, the \
            objects are listed: finds those that are missing; with --deep they are read too. Exit status 4 if anything \
            is wrong.

            Examples:
              replaycache verify ~/slp --sample 5%
              replaycache verify ~/slp --character mewtwo
              replaycache verify b2:my-bucket/replaycache --deep --sample 1%
              replaycache verify b2:my-bucket/replaycache --heal
            """
    )

    @Argument(help: ArgumentHelp("The folder, or the repository.", valueName: "dir or remote"))
    var subject: String

    @Flag(help: "Of a remote, read objects and compare them with their digests.")
    var deep = false

    @Option(
        help: ArgumentHelp(
            "The share to read: of a folder what was not read for longest, of a remote by chance.",
            valueName: "percent"
        )
    )
    var sample: Share?

    @Flag(help: "Store again what is missing or damaged at the remote, where a file of this machine has it.")
    var heal = false

    @OptionGroup(title: "Selection") var criteria: CriteriaOptions

    @OptionGroup var global: GlobalOptions

    /// A number of per cent, with or without the sign.
    struct Share: ExpressibleByArgument {
        let percent: Double

        init?(argument: String) {
            let number = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
            guard let percent = Double(number), percent > 0, percent <= 100 else { return nil }
            self.percent = percent
        }
    }

    func run() async throws {
        var options = VerifyOptions()
        options.isDeep = deep
        options.heals = heal
        options.sharePercent = sample?.percent ?? 100
        options.selection = try criteria.selection()
        guard Place.isPlace(subject) else {
            guard !deep, !heal else {
                throw ReplayCacheError(
                    .usage,
                    "\(subject) is no remote, and --\(deep ? "deep" : "heal") is for those",
                    hint: "to store again what a remote has lost, name the remote, or push the folder with --heal",
                    subject: subject
                )
            }
            return try await global.run { [options] in try await $0.verify(subject, options: options) }
        }
        guard options.selection == Selection() else {
            throw ReplayCacheError(.usage, "a remote is listed as a whole", hint: "a selection goes with a folder")
        }
        guard deep || sample == nil else {
            throw ReplayCacheError(.usage, "a remote is listed as a whole", hint: "--sample goes with --deep")
        }
        let place = try RemoteArgument.place(subject)
        try await global.run { [options] in try await $0.verify(place, options: options) }
    }
}
