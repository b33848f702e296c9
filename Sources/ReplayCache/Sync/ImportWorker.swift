internal import Synchronization

/// What is done with one file of an import, by a task of its own: read, look at, compare, store.
struct ImportWorker: Sendable {
    let context: SyncContext
    let store: PlaceStore
    /// Nil for a dry run.
    let writer: ObjectWriter?
    let selection: ImportSelection

    /// What is known of a file once it was read.
    struct File: Sendable {
        let digest: Digest
        let size: Int64
        let mtime: Int64
        let replay: ScannedReplay?
    }

    /// How a content came to be stored.
    struct Storage: Sendable {
        /// What it took; nil for a dry run.
        let objects: ObjectWriter.Stored?
        /// Whether the repository had the content before.
        let isKnown: Bool
    }

    enum Fate: Sendable {
        case notSelected
        /// The path holds this content.
        case inStep
        /// The path held it, and somebody removed it.
        case removed
        /// The path holds another content.
        case conflict
        case stored(File, Storage)
        case deferred(String)
        case refused(String, isDamage: Bool)
        case failed(any Error)
    }

    struct Outcome: Sendable {
        let name: String
        let path: LogicalPath
        let fate: Fate
        /// What is worth remembering of an object in a bucket.
        var read: ImportedObject?
    }

    /// A replay whose header still has no length may be in the middle of a game; after this long without a write it is one
    /// that was cut off.
    ///
    /// Nanoseconds.
    private static let recordingWindow: Int64 = 10_000_000_000

    func work(_ candidate: ImportCandidate) async -> Outcome {
        // The memory is needed by what comes next, whoever still holds the candidate.
        defer { candidate.giveBack() }
        var read: ImportedObject?
        let fate: Fate
        do {
            if case .inBucket(let object) = candidate.content {
                (fate, read) = try await self.fate(of: object, candidate)
            } else {
                fate = try await self.fate(of: candidate)
            }
        } catch let error as ImportRefusal {
            fate = .refused(error.reason, isDamage: error.isDamage)
        } catch ObjectEncodingError.contentChanged {
            fate = .deferred("changed while it was read")
        } catch let error as SourceError {
            fate = .refused("cannot be read: \(error.cause.errno)", isDamage: false)
        } catch let error as ContentTooLarge {
            fate = .refused(error.description, isDamage: false)
        } catch let error as PlainBucketError {
            fate = .deferred(error.reason == .gone ? "was removed meanwhile" : "was replaced while it was read")
        } catch {
            fate = .failed(error)
        }
        return Outcome(name: candidate.name, path: candidate.path, fate: fate, read: read)
    }

    private func fate(of candidate: ImportCandidate) async throws -> Fate {
        let content =
            switch candidate.content {
            case .read(let content): content
            case .unread(let read): try await read()
            case .inBucket(let object): try await object.read().content
            }
        defer { content.lease?.giveBack() }
        let file = try await look(at: content, candidate, mtime: candidate.mtime)
        if candidate.isLive, file.replay?.metadata.rawLength == 0,
            Machine.now() - candidate.mtime < Self.recordingWindow
        {
            return .deferred("is still being recorded")
        }
        return try await fate(of: file, content, candidate.path)
    }

    /// The fate of an object in a bucket, and what is worth remembering of it.
    private func fate(of object: BucketObject, _ candidate: ImportCandidate) async throws -> (Fate, ImportedObject?) {
        if let known = object.known, let fate = try await fate(of: known, candidate) { return (fate, nil) }
        let reading = try await object.read()
        // Whatever happens: others wait for the memory.
        defer { reading.lease.giveBack() }
        let file = try await look(at: reading.content, candidate, mtime: reading.mtime)
        let fate = try await fate(of: file, reading.content, candidate.path, copying: object.copy(of: reading.content))
        if case .notSelected = fate { return (fate, nil) }
        let isPending = if case .stored = fate { true } else { false }
        let read = ImportedObject(
            item: object.item,
            digest: file.digest,
            mtime: file.mtime,
            replay: isPending ? file.replay : nil
        )
        return (fate, read)
    }

    /// The fate of an object that was read by an earlier import, without reading it; nil when it must be read.
    private func fate(of known: ImportedObject, _ candidate: ImportCandidate) async throws -> Fate? {
        let target = try await store.importTarget(candidate.path, known.digest)
        // The path tells enough.
        if case .holds(let digest) = target { return digest == known.digest ? .inStep : .conflict }
        guard known.replay != nil || !ReplayReader.isReplay(candidate.path) else { return nil }
        let size = known.item.byteCount
        let file = File(digest: known.digest, size: size, mtime: known.mtime, replay: known.replay)
        guard try await isMeant(candidate.path, file) else { return .notSelected }
        guard target == .free else { return .removed }
        guard let stored = try await writer?.known(known.digest, size: size) else { return nil }
        context.progress.advance(bytes: size)
        return .stored(file, Storage(objects: stored, isKnown: stored.operations.isEmpty))
    }

    private func fate(
        of file: File,
        _ content: SpooledContent,
        _ path: LogicalPath,
        copying copy: ObjectWriter.ServerCopy? = nil
    ) async throws -> Fate {
        guard try await isMeant(path, file) else { return .notSelected }
        switch try await store.importTarget(path, content.digest) {
        case .holds(let digest): return digest == content.digest ? .inStep : .conflict
        case .removed: return .removed
        case .free: break
        }
        guard let writer else {
            let known = try await store.object(of: content.digest)
            return .stored(file, Storage(objects: nil, isKnown: known != nil))
        }
        let stored = try await writer.store(
            content.source,
            digest: content.digest,
            size: content.byteCount,
            copying: copy
        )
        return .stored(file, Storage(objects: stored, isKnown: stored.operations.isEmpty))
    }

    private func isMeant(_ path: LogicalPath, _ file: File) async throws -> Bool {
        try await BlockingPool.shared.run { [selection] in try selection.accepts(path, file) }
    }

    private func look(at content: SpooledContent, _ candidate: ImportCandidate, mtime: Int64) async throws -> File {
        let replay =
            ReplayReader.isReplay(candidate.path)
            ? try await BlockingPool.shared.run {
                try SourceError.tagging { try ScannedReplay(ReplayReader.read(content.source)) }
            } : nil
        return File(digest: content.digest, size: content.byteCount, mtime: mtime, replay: replay)
    }
}

/// Which files of an import are meant, for several tasks.
final class ImportSelection: Sendable {
    private let isEverything: Bool
    private let probe: Mutex<SelectionProbe>

    /// - Throws: ``ReplayCacheError`` with code `usage` for what cannot be told of one file alone.
    init(_ selection: Selection) throws {
        if let dataset = selection.dataset {
            throw ReplayCacheError(
                .usage,
                "--dataset \(DisplayText.quoted(dataset)) is about what a repository holds, not about what comes to it",
                hint: "take the files, and fetch or export the dataset afterwards"
            )
        }
        var criteria = selection
        // How many are taken is counted where they are.
        criteria.limit = nil
        isEverything = criteria == Selection()
        probe = Mutex(try SelectionProbe(criteria))
    }

    /// Whether a file that was read is meant.
    ///
    /// Blocks: for a question to a database in memory.
    func accepts(_ path: LogicalPath, _ file: ImportWorker.File) throws -> Bool {
        guard !isEverything else { return true }
        return try probe.withLock {
            try $0.accepts(path: path.string, digest: file.digest, size: file.size, replay: file.replay?.metadata)
        }
    }
}
