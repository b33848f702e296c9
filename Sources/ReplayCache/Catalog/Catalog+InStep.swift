/// What was found to be in step as a whole, so that a scan without changes need not be compared with the place again.
///
/// A row stands for: with these arguments and this state of the place, no file of the root is out of step. Triggers remove it
/// with the first change of a file or of an agreement, whoever makes it; news from the place change the state.
extension Catalog {
    /// What a proof is about.
    package struct InStepKey: Sendable {
        package let root: RootID
        package let place: Int64
        /// The direction and all arguments that decide what is compared.
        package let scope: String
        /// Identifies what was merged of the place.
        package let state: String

        package init(root: RootID, place: Int64, scope: String, state: String) {
            self.root = root
            self.place = place
            self.scope = scope
            self.state = state
        }
    }

    /// How many files were found in step; nil when that is not known, or not any more.
    package func filesInStep(_ key: InStepKey) throws -> Int? {
        try database.first(
            "SELECT files FROM in_step WHERE root = ? AND place = ? AND scope = ? AND state = ? AND files IS NOT NULL",
            [.integer(key.root.rawValue), .integer(key.place), .text(key.scope), .text(key.state)]
        ) { $0.int(0) }
    }

    /// Begins a proof, before anything is compared: a change that comes in between ends it.
    ///
    /// Returns what ``prove(_:token:files:)`` asks for.
    package func beginProof(_ key: InStepKey) throws -> Int64 {
        let token = Int64.random(in: .min ... .max)
        try database.run(
            "INSERT OR REPLACE INTO in_step (root, place, scope, state, token, files) VALUES (?, ?, ?, ?, ?, NULL)",
            .integer(key.root.rawValue),
            .integer(key.place),
            .text(key.scope),
            .text(key.state),
            .integer(token)
        )
        return token
    }

    /// Remembers that `files` files are in step and none is not.
    package func prove(_ key: InStepKey, token: Int64, files: Int) throws {
        try database.run(
            "UPDATE in_step SET files = ? WHERE root = ? AND place = ? AND scope = ? AND state = ? AND token = ?",
            .integer(Int64(files)),
            .integer(key.root.rawValue),
            .integer(key.place),
            .text(key.scope),
            .text(key.state),
            .integer(token)
        )
    }
}
