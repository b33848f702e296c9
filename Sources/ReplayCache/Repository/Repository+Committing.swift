internal import Synchronization

/// The one way to change a repository.
extension Repository {
    /// A commit that takes longer than this from its stamp to its end might never be listed by others: `LogReader` looks
    /// back one hour.
    private static let maximumCommitDuration: Int64 = 3_000_000_000_000

    /// Publishes operations as one segment, after everything that was put before is durable, and merges it here.
    ///
    /// This is the only commit point: before it nobody sees any of the operations, after it everybody sees all.
    package func commit(_ operations: [Operation]) async throws {
        guard !operations.isEmpty else { return }
        if segmentsWritten.withLock({ $0 == 0 }) { try await checkManifest() }
        while true {
            let started = Machine.sinceBoot()
            let (key, segment) = try await put(operations)
            // Asleep or stuck meanwhile: the same operations under a new stamp. Merging both changes nothing.
            guard Machine.sinceBoot() - started < Self.maximumCommitDuration else { continue }
            if let refusal = try await store.merge([(key, segment)]).first {
                throw ReplayCacheError(.unclassified, "an operation just committed was refused: \(refusal.reason)")
            }
            break
        }
        if isNew { try await adoptWinner() }
    }

    private func put(_ operations: [Operation]) async throws -> (SegmentKey, Segment) {
        let serverTime = try await remote.barrier()
        let hlc = HLC.next(after: try await store.newestHLC(), serverTime: serverTime)
        guard hlc.milliseconds - serverTime.milliseconds <= LogReader.clockTolerance else {
            throw ReplayCacheError(
                .configuration,
                "the clock at \(place) says \(serverTime.rfc3339), but a commit of \(hlc.text) is there already",
                hint:
                    "set the clock of this machine (or of the place) right; other machines would not read this commit",
                subject: place.canonical
            )
        }
        let number = segmentsWritten.withLock { count in
            defer { count += 1 }
            return count
        }
        let segment = Segment(repository: id, writer: writer, hlc: hlc, operations: operations)
        let (key, body) = try await BlockingPool.shared.run {
            let (key, bytes) = try segment.encoded(number: number)
            return (key, try RemoteBody(bytes))
        }
        try await remote.put(key.remoteKey, body, durability: .commit)
        return (key, segment)
    }

    /// Before the first commit of a process: the repository is still there, and of a format that this program writes.
    private func checkManifest() async throws {
        guard try await Self.manifest(place, remote) != nil else { throw Self.gone(place) }
    }

    /// Two clients may create a repository at once; after its first commit each takes the id of the manifest that stands.
    private func adoptWinner() async throws {
        guard let standing = try await Self.manifest(place, remote, known: id), standing.repository != id else {
            return
        }
        try await store.setRepositoryID(standing.repository)
    }
}
