/// How much one run may remove without being told twice (`design.md` section 4, "--delete"): a tenth of what it could, and
/// always one.
struct DeletionGuard: Sendable {
    /// Removals that the user allows; nil for a tenth.
    var maximum: Int?

    /// The most that may be removed of `total`.
    func allowance(of total: Int) -> Int { maximum ?? max(1, total / 10) }

    /// Why `count` of `total` may not be removed; nil when they may.
    ///
    /// `things` is their name in the plural, `basis` tells whose they are.
    func refusal(of count: Int, outOf total: Int, _ things: String, _ basis: String) -> RefusedRemovals? {
        guard count > allowance(of: total) else { return nil }
        let limit =
            maximum.map { "more than the \(Decimals.grouped($0)) that --max-delete allows" } ?? "more than a tenth"
        return RefusedRemovals(
            count: count,
            reason:
                "\(Decimals.grouped(count)) of the \(Decimals.grouped(total)) \(things) \(basis) would go, \(limit); "
                + "none was removed",
            hint: "--dry-run names them; if it is meant, repeat with --max-delete \(count)"
        )
    }
}

/// Removals that were not made because they were too many, or because nothing proves that they were meant.
public struct RefusedRemovals: Sendable, Equatable, Encodable {
    /// How many were held back.
    public var count: Int
    /// Why, as a sentence.
    public var reason: String
    /// What to do if they are meant.
    public var hint: String

    /// What a run ends with that made none of them.
    var error: ReplayCacheError { ReplayCacheError(.quota, reason, hint: hint) }
}

/// Operations on their way into commits of bounded size.
struct CommitBatch {
    let repository: Repository
    private var operations: [Operation] = []
    private var byteCount = 0
    private var paths = 0
    private var lastCommit = ContinuousClock.now

    /// As a push does (`docs/format.md`, "Writing").
    private static let maximumPaths = 5000
    private static let maximumByteCount = 24 << 20
    private static let maximumAge = Duration.seconds(60)

    init(repository: Repository) { self.repository = repository }

    /// Adds operations that belong into one commit; `replayByteCount` is the length of what each put says of its replay.
    mutating func add(_ added: [Operation], replayByteCount: Int = 0) {
        for operation in added {
            operations.append(operation)
            // Names of fields, digests, numbers and keys stay below 512 bytes; a character of a path takes six at most.
            byteCount += 512
            switch operation {
            case .put(let put):
                paths += 1
                byteCount += 6 * put.path.utf8.count + replayByteCount
            case .del(let del):
                paths += 1
                byteCount += 6 * del.path.utf8.count
            default: break
            }
        }
    }

    var isEmpty: Bool { operations.isEmpty }

    /// Whether it is time to commit.
    var isDue: Bool {
        paths >= Self.maximumPaths || byteCount >= Self.maximumByteCount
            || (!isEmpty && ContinuousClock.now - lastCommit > Self.maximumAge)
    }

    mutating func commit() async throws {
        lastCommit = .now
        guard !operations.isEmpty else { return }
        try await repository.commit(operations)
        operations.removeAll(keepingCapacity: true)
        byteCount = 0
        paths = 0
    }
}
