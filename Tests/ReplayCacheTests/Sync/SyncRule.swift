import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// One row of the table in `design.md` section 4, "What push and fetch do with a path".
struct SyncRule: Sendable, CustomTestStringConvertible {
    /// What is there afterwards, and what was said and moved.
    struct Answer: Sendable, Equatable {
        var local: String?
        var entry: String?
        var conflicts = 0
        var behind = 0
        var deletedElsewhere = 0
        var changedLocally = 0
        var uploads = 0
        var downloads = 0
        /// What is kept beside the file.
        var replaced: String?
    }

    let name: String
    /// Whether both machines start from the same content.
    var startsAgreed = true
    let arrange: @Sendable (_ mine: Laptop, _ theirs: Laptop, _ place: Place) async throws -> Void
    let push: Answer
    let fetch: Answer
    let forcedPush: Answer
    let forcedFetch: Answer

    var testDescription: String { name }

    static let file = "fox/game.txt"
    static var path: String { "replays/\(file)" }
}

extension SyncRule {
    static let all: [SyncRule] = [
        SyncRule(
            name: "nothing changed",
            arrange: { _, _, _ in },
            push: .init(local: "old", entry: "old"),
            fetch: .init(local: "old", entry: "old"),
            forcedPush: .init(local: "old", entry: "old"),
            forcedFetch: .init(local: "old", entry: "old")
        ),
        SyncRule(
            name: "only the local file changed",
            arrange: { mine, _, _ in try mine.write("mine", to: file) },
            push: .init(local: "mine", entry: "mine", uploads: 1),
            fetch: .init(local: "mine", entry: "old", changedLocally: 1),
            forcedPush: .init(local: "mine", entry: "mine", uploads: 1),
            forcedFetch: .init(local: "old", entry: "old", downloads: 1, replaced: "mine")
        ),
        SyncRule(
            name: "only the entry changed",
            arrange: { _, theirs, place in try await theirs.publish("theirs", to: place) },
            push: .init(local: "old", entry: "theirs", behind: 1),
            fetch: .init(local: "theirs", entry: "theirs", downloads: 1),
            forcedPush: .init(local: "old", entry: "old"),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1)
        ),
        SyncRule(
            name: "both changed to the same content",
            arrange: { mine, theirs, place in
                try await theirs.publish("same", to: place)
                try mine.write("same", to: file)
            },
            push: .init(local: "same", entry: "same"),
            fetch: .init(local: "same", entry: "same"),
            forcedPush: .init(local: "same", entry: "same"),
            forcedFetch: .init(local: "same", entry: "same")
        ),
        SyncRule(
            name: "both changed",
            arrange: { mine, theirs, place in
                try await theirs.publish("theirs", to: place)
                try mine.write("mine", to: file)
            },
            push: .init(local: "mine", entry: "theirs", conflicts: 1),
            fetch: .init(local: "mine", entry: "theirs", conflicts: 1),
            forcedPush: .init(local: "mine", entry: "mine", uploads: 1),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1, replaced: "mine")
        ),
        SyncRule(
            name: "both changed and pushed at once, and the others came last",
            arrange: { mine, theirs, place in
                try await mine.publish("mine", to: place)
                try await theirs.publishUnaware("theirs", insteadOf: "old", to: place)
            },
            push: .init(local: "mine", entry: "theirs", conflicts: 1),
            fetch: .init(local: "mine", entry: "theirs", conflicts: 1),
            forcedPush: .init(local: "mine", entry: "mine"),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1, replaced: "mine")
        ),
        SyncRule(
            name: "two published a new path at once, and the others came last",
            startsAgreed: false,
            arrange: { mine, theirs, place in
                try await mine.publish("mine", to: place)
                try await theirs.publishUnaware("theirs", insteadOf: nil, to: place)
            },
            push: .init(local: "mine", entry: "theirs", conflicts: 1),
            fetch: .init(local: "mine", entry: "theirs", conflicts: 1),
            forcedPush: .init(local: "mine", entry: "mine"),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1, replaced: "mine")
        ),
        SyncRule(
            name: "the entry was deleted and published anew",
            arrange: { _, theirs, place in
                try await theirs.unpublish("old", at: place)
                try await theirs.publishUnaware("theirs", insteadOf: nil, to: place)
            },
            push: .init(local: "old", entry: "theirs", behind: 1),
            fetch: .init(local: "theirs", entry: "theirs", downloads: 1),
            forcedPush: .init(local: "old", entry: "old"),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1)
        ),
        SyncRule(
            name: "an untracked file is in the way",
            startsAgreed: false,
            arrange: { mine, theirs, place in
                try await theirs.publish("theirs", to: place)
                try mine.write("mine", to: file)
            },
            push: .init(local: "mine", entry: "theirs", conflicts: 1),
            fetch: .init(local: "mine", entry: "theirs", conflicts: 1),
            forcedPush: .init(local: "mine", entry: "mine", uploads: 1),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1, replaced: "mine")
        ),
        SyncRule(
            name: "never agreed and the same",
            startsAgreed: false,
            arrange: { mine, theirs, place in
                try await theirs.publish("same", to: place)
                try mine.write("same", to: file)
            },
            push: .init(local: "same", entry: "same"),
            fetch: .init(local: "same", entry: "same"),
            forcedPush: .init(local: "same", entry: "same"),
            forcedFetch: .init(local: "same", entry: "same")
        ),
        SyncRule(
            name: "the entry was deleted elsewhere",
            arrange: { _, theirs, place in try await theirs.unpublish("old", at: place) },
            push: .init(local: "old", entry: nil, deletedElsewhere: 1),
            fetch: .init(local: "old", entry: nil, deletedElsewhere: 1),
            forcedPush: .init(local: "old", entry: "old"),
            forcedFetch: .init(local: "old", entry: nil, deletedElsewhere: 1)
        ),
        SyncRule(
            name: "the local file is gone",
            arrange: { mine, _, _ in try Tree.remove(mine.at(file)) },
            push: .init(local: nil, entry: "old"),
            fetch: .init(local: "old", entry: "old", downloads: 1),
            forcedPush: .init(local: nil, entry: "old"),
            forcedFetch: .init(local: "old", entry: "old", downloads: 1)
        ),
        SyncRule(
            name: "the local file is gone and the entry changed",
            arrange: { mine, theirs, place in
                try await theirs.publish("theirs", to: place)
                try Tree.remove(mine.at(file))
            },
            push: .init(local: nil, entry: "theirs"),
            fetch: .init(local: "theirs", entry: "theirs", downloads: 1),
            forcedPush: .init(local: nil, entry: "theirs"),
            forcedFetch: .init(local: "theirs", entry: "theirs", downloads: 1)
        ),
        SyncRule(
            name: "the local file is gone and the entry was deleted",
            arrange: { mine, theirs, place in
                try await theirs.unpublish("old", at: place)
                try Tree.remove(mine.at(file))
            },
            push: .init(local: nil, entry: nil),
            fetch: .init(local: nil, entry: nil),
            forcedPush: .init(local: nil, entry: nil),
            forcedFetch: .init(local: nil, entry: nil)
        ),
    ]
}

extension Laptop {
    /// Writes the file of the rules and pushes it.
    func publish(_ text: String, to place: Place) async throws {
        try write(text, to: SyncRule.file)
        try await push(to: place)
    }

    /// Commits `text` for the file of the rules as one does who has seen `old` there and nothing newer.
    func publishUnaware(_ text: String, insteadOf old: String?, to place: Place) async throws {
        let digest = try Digest.of(Array(text.utf8))
        // Its object comes by another path, which is gone again.
        try write(text, to: "elsewhere.txt")
        try await push(to: place) { $0.includes = ["elsewhere.txt"] }
        let put = Operation.Put(
            path: SyncRule.path,
            sha256: digest,
            was: try old.map { try Digest.of(Array($0.utf8)) },
            size: Int64(text.utf8.count),
            mtime: 0
        )
        try await commit([.put(put), .del(.init(path: "replays/elsewhere.txt", was: digest))], to: place)
    }

    /// Deletes the entry of the rules while it holds `text`.
    func unpublish(_ text: String, at place: Place) async throws {
        try await commit([.del(.init(path: SyncRule.path, was: try Digest.of(Array(text.utf8))))], to: place)
    }
}
