/// Brings datasets of one repository to another: first the contents that they name, whether or not a path shows them, then
/// the list, and last the name.
struct DatasetCopy {
    let context: SyncContext
    let from: Repository
    let to: Repository

    /// Rows of a list looked at in one go.
    private static let pageCount = 512

    /// Datasets that the target does not have and that were not dropped there, the oldest first.
    static func missing(_ from: PlaceStore, _ to: PlaceStore) async throws -> [DatasetRow] {
        let known = Set(try await to.datasets().map(\.reference))
        var missing: [DatasetRow] = []
        for dataset in try await from.datasets() where !known.contains(dataset.reference) {
            // What was dropped at the target stays so, whoever says its name again.
            if try await !to.isDropped(dataset.name, dataset.sha256) { missing.append(dataset) }
        }
        return missing.sorted { $0.committedMilliseconds < $1.committedMilliseconds }
    }

    func run(_ datasets: [DatasetRow], _ summary: inout SyncSummary) async throws {
        var done = 0
        for dataset in datasets {
            do {
                try await copy(dataset, &summary)
                done += 1
            } catch let error as ReplayCacheError where error.code == .integrity {
                summary.filesFailed += 1
                summary.integrityFailed = true
                context.report(.failed(path: "dataset \(dataset.name)", reason: error.description))
            }
        }
        summary.datasetsCopied = done
    }

    private func copy(_ dataset: DatasetRow, _ summary: inout SyncSummary) async throws {
        try await Datasets(repository: from).load(dataset) { [from, to] file in
            try await from.store.load(file, of: dataset)
            try await to.store.load(file, of: dataset)
        }
        let carrier = ObjectCarrier(context: context, from: from, to: to)
        var batch = CommitBatch(repository: to)
        var digests: [Digest] = []
        var last = ""
        while true {
            let page = try await from.store.frozen(dataset.sha256, after: last, limit: Self.pageCount)
            guard let end = page.last else { break }
            last = end.path
            for carried in try await carry(page, carrier) {
                count(carried, &summary)
                batch.add(carried.operations)
                digests += carried.digests
            }
            guard batch.isDue else { continue }
            try await commit(&batch, &digests)
        }
        let list = try await carrier.carry(dataset.sha256, size: dataset.listSize)
        count(list, &summary)
        batch.add(list.operations)
        digests += list.digests
        let operation = Operation.Dataset(
            name: dataset.name,
            sha256: dataset.sha256,
            size: dataset.listSize,
            files: Int64(dataset.files),
            bytes: dataset.bytes,
            selection: dataset.selection
        )
        batch.add([.dataset(operation)])
        try await commit(&batch, &digests)
        try await restock(dataset.sha256)
    }

    private struct Brought: Sendable {
        let result: Result<ObjectCarrier.Carried, any Error>
    }

    private func carry(
        _ page: [PlaceStore.FrozenFile],
        _ carrier: ObjectCarrier
    ) async throws -> [ObjectCarrier.Carried] {
        var seen: Set<Digest> = []
        var next = page.filter { seen.insert($0.digest).inserted }[...]
        var all: [ObjectCarrier.Carried] = []
        try await forEachConcurrently(
            width: to.remote.parallelism,
            next: { next.popFirst() },
            work: { file in Brought(result: await .catching { try await carry(file, carrier) }) },
            collect: { all.append(try $0.result.get()) }
        )
        return all
    }

    /// Says where a content is that no path of the target shows, also when it was there: as a checkpoint of it would.
    private func carry(_ file: PlaceStore.FrozenFile, _ carrier: ObjectCarrier) async throws -> ObjectCarrier.Carried {
        var carried = try await carrier.carry(file.digest, size: file.size)
        guard carried.operations.isEmpty, try await !to.store.isShown(file.digest),
            let known = try await to.store.object(of: file.digest)
        else { return carried }
        let key = known.key.remoteKey.string
        carried.operations.append(
            .obj(.init(sha256: file.digest, size: known.size, key: key, encodedSize: known.encodedSize))
        )
        return carried
    }

    private func count(_ carried: ObjectCarrier.Carried, _ summary: inout SyncSummary) {
        summary.objectsUploaded += carried.objectsUploaded
        summary.objectsReused += carried.objectsReused
        summary.bytesRaw += carried.bytesRaw
    }

    private func commit(_ batch: inout CommitBatch, _ digests: inout [Digest]) async throws {
        try await batch.commit()
        try await context.catalog.forgetTransfers(digests, place: to.store.record.id)
        digests.removeAll(keepingCapacity: true)
    }

    /// What was condemned before the list was committed, which alone keeps it, is stored again (`docs/format.md`,
    /// "Datasets").
    private func restock(_ list: Digest) async throws {
        let restocking = Restocking(context: context.withoutProgress, repository: to)
        var last = ""
        while true {
            let page = try await to.store.condemnedFrozen(list, after: last, limit: Self.pageCount)
            guard let end = page.last else { return }
            last = end.path
            var objects: [PlaceStore.StoredObject] = []
            for file in page {
                if let object = try await to.store.object(of: file.digest) { objects.append(object) }
            }
            try await to.commit(try await restocking.store(objects))
        }
    }
}

extension PlaceStore {
    /// A file of a list that was loaded.
    struct FrozenFile: Sendable {
        let path: String
        let digest: Digest
        /// Length of the content in bytes; -1 where nobody told it.
        let size: Int64
    }

    /// Files of a list in the order of their paths, after one.
    func frozen(_ list: Digest, after path: String, limit: Int) throws -> [FrozenFile] {
        try frozen(
            "FROM \(FrozenTable(digest: list).name) f LEFT JOIN main.content c ON c.digest = f.digest",
            path,
            limit
        )
    }

    /// The same of those whose objects are condemned, as far as this machine has read.
    func condemnedFrozen(_ list: Digest, after path: String, limit: Int) throws -> [FrozenFile] {
        try frozen(
            """
            FROM \(FrozenTable(digest: list).name) f JOIN main.content c ON c.digest = f.digest
            JOIN catalog.condemned k ON k.place = \(record.id) AND k.digest = c.digest AND k.generation = c.generation
            """,
            path,
            limit
        )
    }

    private func frozen(_ source: String, _ path: String, _ limit: Int) throws -> [FrozenFile] {
        try database.all(
            "SELECT f.path, f.digest, coalesce(c.size, -1) \(source) WHERE f.path > ? ORDER BY f.path LIMIT ?",
            [.text(path), .integer(Int64(limit))]
        ) { row in
            row.digest(1).map { FrozenFile(path: row.text(0), digest: $0, size: row.int64(2)) }
        }.compactMap(\.self)
    }
}
