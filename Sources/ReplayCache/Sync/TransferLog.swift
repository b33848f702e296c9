internal import Synchronization

/// Remembers in the catalog what was put, so that an interrupted push need not put it again: small objects many at once,
/// since a transaction for each would cost as much as sending it.
///
/// A crash costs what was gathered: those objects are put again.
final class TransferLog: Sendable {
    private struct State {
        /// Not in the catalog yet.
        var pending: [Digest: Transfer] = [:]
        var pendingBytes: Int64 = 0
        var pendingSince = ContinuousClock.now
        /// On the way into the catalog.
        var writing: [Digest: Transfer] = [:]
        var holdsParts = false
    }

    /// What is gathered at most: objects, their bytes, and time.
    private static let maximumCount = 128
    private static let maximumBytes: Int64 = 16 << 20
    private static let maximumAge = Duration.milliseconds(100)

    private let catalog: Catalog
    private let place: Int64
    private let repository: String
    private let gathers: Bool
    private let state = Mutex(State())

    init(catalog: Catalog, place: Int64, repository: String, gathers: Bool) {
        self.catalog = catalog
        self.place = place
        self.repository = repository
        self.gathers = gathers
    }

    /// Whether parts of large files were put by this process, which no plan knew of.
    var holdsParts: Bool { state.withLock { $0.holdsParts } }

    /// Remembers an object that was put: at once when it is of a large file, of which no more than that may be sent again.
    func add(_ transfer: Transfer, isPart: Bool) async throws {
        let isDue = state.withLock { state in
            if state.pending.isEmpty { state.pendingSince = .now }
            state.pending[transfer.digest] = transfer
            state.pendingBytes += transfer.encodedSize
            state.holdsParts = state.holdsParts || isPart
            return isPart || !gathers || state.pending.count >= Self.maximumCount
                || state.pendingBytes >= Self.maximumBytes || ContinuousClock.now - state.pendingSince > Self.maximumAge
        }
        if isDue { try await flush() }
    }

    /// Remembers what was gathered.
    func flush() async throws {
        let batch = state.withLock { state in
            let batch = Array(state.pending.values)
            for transfer in batch { state.writing[transfer.digest] = transfer }
            state.pending.removeAll(keepingCapacity: true)
            state.pendingBytes = 0
            return batch
        }
        guard !batch.isEmpty else { return }
        defer {
            state.withLock { state in for transfer in batch { state.writing[transfer.digest] = nil } }
        }
        try await catalog.remember(batch, place: place, repository: repository)
    }

    /// The object of `digest` that this or an interrupted push has put, nil when there is none that is young enough.
    func transfer(of digest: Digest) async throws -> Transfer? {
        if let known = state.withLock({ $0.pending[digest] ?? $0.writing[digest] }) { return known }
        return try await catalog.transfer(of: digest, place: place, repository: repository)
    }

    /// Forgets objects that a commit has named.
    func forget(_ digests: [Digest]) async throws {
        state.withLock { state in
            for digest in digests {
                guard let transfer = state.pending.removeValue(forKey: digest) else { continue }
                state.pendingBytes -= transfer.encodedSize
            }
        }
        try await catalog.forgetTransfers(digests, place: place)
    }
}
