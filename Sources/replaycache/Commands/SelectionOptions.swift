import ArgumentParser
import ReplayCache

/// SELECTION: which replays.
///
/// Repeating an option means any of; different options mean all of.
struct SelectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Replays in which this character plays; may be repeated.", valueName: "name"))
    var character: [String] = []

    @Option(help: ArgumentHelp("Replays whose path matches; may be repeated.", valueName: "glob"))
    var path: [String] = []

    @Option(help: ArgumentHelp("Replays of a dataset: NAME, or NAME@DIGITS of its list.", valueName: "name"))
    var dataset: String?

    @Option(help: ArgumentHelp("At most this many, in the order of their paths.", valueName: "n"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func selection() throws -> Selection {
        var selection = Selection(characters: try Selection.characters(named: character), paths: path, limit: limit)
        selection.dataset = dataset
        return selection
    }
}
