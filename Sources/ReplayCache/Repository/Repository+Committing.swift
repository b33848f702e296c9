internal import Synchronization

/// The one way to change a repository.
extension Repository {
    /// A commit that takes longer than this from its stamp to its end might never be listed by others: `LogReader` looks
    /// back one hour.
    private static let maximumCommitDuration: Int64 = 3_000_000_000_000
    /// A commit ends within 24 h of a look at what is condemned.
    ///
    /// A collector waits that long before it removes anything. Two hours are left for the commit itself.
    private static let lookLifetime: Int64 = 22 * 3600 * 1_000_000_000
    /// What was put before may have been condemned, removed and forgotten when a process slept for longer.
    private static let maximumSleep: Int64 = 7 * 24 * 3600 * 1_000_000_000
    /// Rounds of storing again what was condemned meanwhile; a second one takes two collectors, a third malice.
    private static let maximumRounds = 8

    /// Publishes operations as one segment, after everything that was put before is durable, and merges it here.
    ///
    /// This is the only commit point: before it nobody sees any of the operations, after it everybody sees all. What a
    /// collector has condemned by then is stored again under other keys before this returns.
    package func commit(_ operations: [Operation]) async throws {
        guard !operations.isEmpty else { return }
        if segmentsWritten.withLock({ $0 == 0 }) { try await checkManifest() }
        guard (watch.age ?? 0) < Self.maximumSleep else {
            throw ReplayCacheError(
                .busy,
                "this run was asleep for days, and what it has stored may have been removed meanwhile",
                hint: "run the same command again",
                subject: place.canonical
            )
        }
        try await lookForCondemned(after: Self.lookLifetime)
        var operations = try await tellingKeys(of: try await withoutCondemned(operations))
        for _ in 0..<Self.maximumRounds {
            try await publish(operations)
            try await lookForCondemned(after: 0)
            operations = try await restock(condemnedObjects(in: operations, isMerged: true))
            if operations.isEmpty {
                if isNew { try await adoptWinner() }
                return
            }
        }
        throw ReplayCacheError(
            .busy,
            "collectors at \(place) condemn objects as fast as they are stored",
            hint: "let no more than one `replaycache gc` run at a time, then run the same command again",
            subject: place.canonical
        )
    }

    /// The same operations with other keys where a key was condemned since it was chosen.
    private func withoutCondemned(_ operations: [Operation]) async throws -> [Operation] {
        let condemned = try await condemnedObjects(in: operations, isMerged: false)
        guard !condemned.isEmpty else { return operations }
        let keys = Set(condemned.map(\.key.remoteKey.string))
        // Told first, as an object is before the entries that need it.
        return try await restock(condemned)
            + operations.filter { operation in
                guard case .obj(let object) = operation else { return true }
                return !keys.contains(object.key)
            }
    }

    private func restock(_ objects: [PlaceStore.StoredObject]) async throws -> [Operation] {
        guard !objects.isEmpty else { return [] }
        guard let restock = watch.restock else {
            throw ReplayCacheError(
                .busy,
                "objects that were to be named are being removed from \(place)",
                hint: "run the same command again",
                subject: place.canonical
            )
        }
        return try await restock(self, objects)
    }

    private func publish(_ operations: [Operation]) async throws {
        try check(operations)
        while true {
            let started = watch.now
            let (key, segment) = try await put(operations)
            // Asleep or stuck meanwhile: the same operations under a new stamp. Merging both changes nothing.
            guard watch.now - started < Self.maximumCommitDuration else { continue }
            if let refusal = try await store.merge([(key, segment)]).first {
                throw ReplayCacheError(.unclassified, "an operation just committed was refused: \(refusal.reason)")
            }
            return
        }
    }

    /// What a base brought may break rules that segments are held to; once published it would be refused by everybody.
    private func check(_ operations: [Operation]) throws {
        do {
            for operation in operations { try operation.check() }
        } catch let error where error is LogicalPathError || error is SegmentError {
            throw ReplayCacheError(
                .integrity,
                "an operation that every reader would refuse was not committed: \(error)",
                subject: place.canonical
            )
        }
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
