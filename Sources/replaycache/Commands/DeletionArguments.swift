import ArgumentParser
import ReplayCache

/// Whether a transfer removes what left the other side.
struct DeletionArguments: ParsableArguments {
    @Flag(help: "Also remove what both sides had in common and the side that is read no longer has.")
    var delete = false

    @OptionGroup var limit: DeletionLimit

    func validate() throws {
        if limit.maxDelete != nil && !delete { throw ValidationError("--max-delete goes with --delete") }
    }

    func options() -> DeletionOptions { delete ? DeletionOptions(maximum: limit.maxDelete) : DeletionOptions() }
}

/// How much may be removed at once.
struct DeletionLimit: ParsableArguments {
    @Option(help: ArgumentHelp("Remove up to this many; by default a tenth, more is refused.", valueName: "n"))
    var maxDelete: Int?

    func validate() throws {
        if let maxDelete, maxDelete < 0 { throw ValidationError("--max-delete takes a number from 0") }
    }
}
