import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What `--delete` does with a path, beside what the table of `SyncRule` says.
struct DeletionRule: Sendable, CustomTestStringConvertible {
    let name: String
    /// Whether both machines start from the same content.
    var startsAgreed = true
    let arrange: @Sendable (_ mine: Laptop, _ theirs: Laptop, _ place: Place) async throws -> Void
    /// What the entry holds after `push --delete`, and how many were removed.
    let push: Answer
    /// What the file holds after `fetch --delete`, and how many were removed.
    let fetch: Answer

    struct Answer: Sendable, Equatable {
        var text: String?
        var deleted = 0
        var conflicts = 0
    }

    var testDescription: String { name }

    static let all: [DeletionRule] = [
        DeletionRule(
            name: "nothing changed",
            arrange: { _, _, _ in },
            push: .init(text: "old"),
            fetch: .init(text: "old")
        ),
        DeletionRule(
            name: "the file is gone",
            arrange: { mine, _, _ in try Tree.remove(mine.at(SyncRule.file)) },
            push: .init(text: nil, deleted: 1),
            fetch: .init(text: "old")
        ),
        DeletionRule(
            name: "the file is gone and the entry changed",
            arrange: { mine, theirs, place in
                try await theirs.publish("theirs", to: place)
                try Tree.remove(mine.at(SyncRule.file))
            },
            push: .init(text: "theirs"),
            fetch: .init(text: "theirs")
        ),
        DeletionRule(
            name: "both are gone",
            arrange: { mine, theirs, place in
                try await theirs.unpublish("old", at: place)
                try Tree.remove(mine.at(SyncRule.file))
            },
            push: .init(text: nil),
            fetch: .init(text: nil)
        ),
        DeletionRule(
            name: "the entry was deleted",
            arrange: { _, theirs, place in try await theirs.unpublish("old", at: place) },
            push: .init(text: nil),
            fetch: .init(text: nil, deleted: 1)
        ),
        DeletionRule(
            name: "the entry was deleted and the file changed",
            arrange: { mine, theirs, place in
                try await theirs.unpublish("old", at: place)
                try mine.write("mine", to: SyncRule.file)
            },
            push: .init(text: nil, conflicts: 1),
            fetch: .init(text: "mine", conflicts: 1)
        ),
        DeletionRule(
            name: "the entry was deleted and the file was touched",
            arrange: { mine, theirs, place in
                try await theirs.unpublish("old", at: place)
                try Tree.setTime(of: mine.at(SyncRule.file), to: 1_600_000_000)
            },
            push: .init(text: nil),
            fetch: .init(text: nil, deleted: 1)
        ),
        DeletionRule(
            name: "the file is ignored now",
            arrange: { mine, _, _ in try mine.write("fox\n", to: ".replaycacheignore") },
            push: .init(text: "old"),
            fetch: .init(text: "old")
        ),
        DeletionRule(
            name: "the file is ignored now, and gone",
            arrange: { mine, _, _ in
                try mine.write("fox\n", to: ".replaycacheignore")
                try Tree.remove(mine.at("fox"))
            },
            push: .init(text: "old"),
            fetch: .init(text: "old")
        ),
        DeletionRule(
            name: "a link stands in place of the folder",
            arrange: { mine, _, _ in
                try Tree.move(mine.at("fox"), to: "\(mine.home)/elsewhere")
                try Tree.link(mine.at("fox"), to: "\(mine.home)/elsewhere")
            },
            push: .init(text: "old"),
            fetch: .init(text: "old")
        ),
        DeletionRule(
            name: "somebody else published it",
            startsAgreed: false,
            arrange: { _, theirs, place in try await theirs.publish("theirs", to: place) },
            push: .init(text: "theirs"),
            fetch: .init(text: "theirs")
        ),
        DeletionRule(
            name: "never agreed, and the entry was deleted",
            startsAgreed: false,
            arrange: { mine, theirs, place in
                try await theirs.publish("old", to: place)
                try await theirs.unpublish("old", at: place)
                try mine.write("old", to: SyncRule.file)
            },
            push: .init(text: nil),
            fetch: .init(text: "old")
        ),
    ]
}
