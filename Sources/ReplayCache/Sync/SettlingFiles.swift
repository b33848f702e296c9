/// Files that just got their names and wait for their rows until the clock of the file system has gone on, so that the next
/// scan need not read them again (`docs/decisions/0006`).
///
/// A row that is recorded at once is racy: somebody could write to the file in the same tick, and leave the same stamps. A
/// file that has the stamps of its renaming when the clock has gone on was written to by nobody.
struct SettlingFiles {
    /// A file under its final name.
    struct Named: Sendable {
        /// With the status right after the renaming, and the time of that.
        let file: HashedFile
        let old: LogicalPath?
        let agreement: Agreement
        /// The path in the repository that the old name stood for.
        let forgotten: String?
        /// Whether the content is still what was verified before the renaming, as far as the stamps tell.
        let isAsVerified: Bool
    }

    private let context: SyncContext
    private let root: LocalRoot
    private let clock: StampClock
    /// The place that agrees; nil when nothing is agreed on.
    private let place: Int64?
    private var waiting: [Named] = []

    /// As many may wait where a window is long; more are recorded as they are.
    private static let maximumCount = 4096
    /// Enough for ticks that come late, and an end where the clock is set back.
    private static let maximumSleeps = 8

    init(context: SyncContext, root: LocalRoot, place: Int64?) {
        self.context = context
        self.root = root
        self.place = place
        clock = StampClock(of: root.directory)
    }

    /// Takes files in the order of their naming, and records those that are settled.
    mutating func add(_ files: [Named]) async throws {
        waiting += files
        let now = StampClock.now()
        var count = waiting.firstIndex { settlesAt($0) > now } ?? waiting.count
        count = max(count, waiting.count - Self.maximumCount)
        try await record(count)
    }

    /// Records the rest; waits a tick for the last where that is enough.
    mutating func finish() async throws {
        // The clock goes on by ticks: it shows that the time is over up to a tick late, and ticks themselves may be late.
        for _ in 0..<Self.maximumSleeps {
            let now = StampClock.now()
            let rest = waiting.map { settlesAt($0) - now }.filter { $0 > 0 && $0 <= 2 * StampClock.fineWindow }.max()
            guard let rest else { break }
            try await Task.sleep(nanoseconds: UInt64(rest + StampClock.longestTick))
        }
        try await recordAll()
    }

    /// Records the rest as it is.
    mutating func recordAll() async throws { try await record(waiting.count) }

    private func settlesAt(_ named: Named) -> Int64 {
        let status = named.file.status
        return status.ctimeNanoseconds + clock.window(device: status.device, ctime: status.ctimeNanoseconds)
    }

    private mutating func record(_ count: Int) async throws {
        guard count > 0 else { return }
        let named = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        let looked = try? await BlockingPool.shared.run { [root] in Self.looked(at: named, in: root.directory) }
        // A cancelled run records what it has named without another look.
        let rows = looked ?? named.map { Catalog.NamedFile(file: $0.file.asRacy, old: $0.old) }
        try await context.catalog.named(rows, root: root.id, clock: clock)
        guard let place else { return }
        try await context.catalog.agree(
            root: root.id,
            place: place,
            on: named.map(\.agreement),
            forget: named.compactMap(\.forgotten)
        )
    }

    /// Blocks.
    ///
    /// A file that has changed keeps the stamps of its renaming: the next scan sees the difference and reads it.
    private static func looked(at named: [Named], in root: OpenFile) -> [Catalog.NamedFile] {
        var folder: (prefix: Substring, directory: OpenFile)?
        return named.map { named in
            let file = named.file
            let now = StampClock.now()
            let path = file.path
            let prefix = path.string.dropLast(path.name.utf8.count)
            if folder?.prefix != prefix {
                folder = (try? root.parent(of: path, creating: false)).map { (prefix, $0) }
            }
            let status = try? folder?.directory.status(of: String(path.name))
            guard named.isAsVerified, let status, status.isUnchanged(since: file.status) else {
                return Catalog.NamedFile(file: file.asRacy, old: named.old)
            }
            let settled = HashedFile(path: path, status: status, hashedAt: now, outcome: file.outcome)
            return Catalog.NamedFile(file: settled, old: named.old)
        }
    }
}
