/// The dry run of an import from a bucket: the listing and what is known here, and nothing read.
extension BucketImport {
    /// What importing takes, `store` being what is known of the repository.
    ///
    /// What only shows when a file is read is not told: which contents are the same, and which a selection by content takes.
    func plan(
        _ store: PlaceStore,
        isNew: Bool,
        _ started: ContinuousClock.Instant
    ) async throws -> SyncSummary {
        var summary = SyncSummary(command: "import")
        summary.dryRun = true
        var forecast = BucketForecast(ratios: try await store.interruptible { try await store.ratios() })
        try await eachPage { items in
            let known = try await memory.recall(
                items.compactMap { if case .file(let item, _) = $0 { item } else { nil } }
            )
            for listed in items {
                switch listed {
                case .refused(let name, let reason):
                    summary.filesFailed += 1
                    context.report(.refused(path: name, reason: reason))
                case .file(let item, let path):
                    summary.filesSeen += 1
                    switch try await fate(of: known[item.key]?.digest, path, store) {
                    case .inStep: summary.filesInStep += 1
                    case .conflict: summary.conflicts += 1
                    case .removed: summary.deletedElsewhere += 1
                    case .imported: forecast.add(item, path, isCopied: canCopy && item.hasContentETag)
                    }
                }
            }
            if let limit = options.selection.limit, forecast.files >= limit { throw Enough() }
        }
        if needsContents {
            context.report(.warning("what is selected shows when files are read: all are counted here"))
        }
        summary.entriesAdded = forecast.files
        summary.objectsUploaded = forecast.objectsSent
        summary.bytesRaw = forecast.bytesSent
        if forecast.copies.count > 0 {
            summary.objectsCopied = forecast.copies.count
            summary.bytesCopied = forecast.copies.bytes
            summary.bytesRecoded = forecast.copies.encodedBytes
        }
        let estimate = try Estimate(context: context, place: repositoryPlace, store: store)
        summary.plan = try await estimate.bucketImport(forecast, from: place, isNew: isNew)
        for meter in meters { summary.addSource(meter) }
        summary.seconds = (ContinuousClock.now - started).seconds
        return summary
    }

    /// Whether the selection asks for more than paths and a number.
    private var needsContents: Bool {
        var plain = Selection()
        (plain.paths, plain.limit) = (options.selection.paths, options.selection.limit)
        return plain != options.selection
    }

    private enum Forecast {
        case inStep, conflict, removed, imported
    }

    private func fate(of digest: Digest?, _ path: LogicalPath, _ store: PlaceStore) async throws -> Forecast {
        guard let digest else { return .imported }
        switch try await store.importTarget(path, digest) {
        case .holds(let held): return held == digest ? .inStep : .conflict
        case .removed: return .removed
        case .free: return .imported
        }
    }
}

/// What is to be read and stored, by a listing.
struct BucketForecast: Sendable {
    /// What the repository's own objects took, by kind.
    let ratios: [String?: Double]
    private(set) var files = 0
    /// What is read: everything.
    private(set) var bytesRead: Int64 = 0
    /// What the server copies; `encodedBytes` if it were sent instead.
    private(set) var copies = StoredTotal()
    /// What is sent, by kind, whole and in parts.
    private var sent: [String: (whole: StoredTotal, large: StoredTotal, parts: Int)] = [:]

    /// What zstd makes of replays where nothing is known yet (`slp-compression.md`).
    private static let replayRatio = 0.2

    init(ratios: [String?: Double]) { self.ratios = ratios }

    mutating func add(_ item: PlainItem, _ path: LogicalPath, isCopied: Bool) {
        let kind = FileKind.of(Array(path.string.utf8).span)
        files += 1
        bytesRead += item.byteCount
        guard item.byteCount <= Recipe.threshold else {
            sent[kind, default: (.init(), .init(), 0)].large.add(item.byteCount)
            sent[kind]?.parts += Recipe.partCount(forSize: item.byteCount)
            return
        }
        guard isCopied else {
            sent[kind, default: (.init(), .init(), 0)].whole.add(item.byteCount)
            return
        }
        copies.add(item.byteCount)
        copies.encodedBytes += Int64(Double(item.byteCount) * ratio(of: kind))
    }

    func ratio(of kind: String) -> Double { ratios[kind] ?? (kind == "slp" ? Self.replayRatio : 1) }

    /// What is sent, as plans have it.
    var groups: [UnstoredGroup] {
        sent.flatMap { kind, totals in
            [(totals.whole, 0, false), (totals.large, totals.parts, true)].filter { $0.0.count > 0 }.map { total in
                UnstoredGroup(
                    kind: kind,
                    isLarge: total.2,
                    isStored: false,
                    contents: total.0.count,
                    bytes: total.0.bytes,
                    parts: total.1
                )
            }
        }
    }

    var objectsSent: Int { groups.reduce(0) { $0 + $1.objects } }
    var bytesSent: Int64 { groups.reduce(0) { $0 + $1.bytes } }
}

extension StoredTotal {
    fileprivate mutating func add(_ byteCount: Int64) {
        count += 1
        bytes += byteCount
    }
}

extension Estimate {
    /// What reading a bucket and storing what is in it takes, at most.
    func bucketImport(_ forecast: BucketForecast, from source: Place, isNew: Bool) async throws -> StatusPlan {
        let groups = forecast.groups
        let ratios = Dictionary(groups.map { ($0.kind, forecast.ratio(of: $0.kind)) }) { first, _ in first }
        var push = try await push(groups, ratios, publishing: forecast.files, isNew: isNew)
        push.requests.put += forecast.copies.count
        push.requestClasses = prices?.classes(of: push.requests)
        push.dollars = prices?.dollars(for: push.requests)
        push.dollarsPerMonth = prices?.dollarsPerMonth(stored: push.bytesEncoded + forecast.copies.bytes)
        var fetch = TransferPlan()
        (fetch.files, fetch.objects) = (forecast.files, forecast.files)
        (fetch.bytesRaw, fetch.bytesEncoded) = (forecast.bytesRead, forecast.bytesRead)
        fetch.requests = RequestCounts(get: forecast.files, list: forecast.files / S3Listing.pageCount + 2)
        if let prices = try Prices.of(source) {
            fetch.requestClasses = prices.classes(of: fetch.requests)
            fetch.dollars =
                prices.dollars(for: fetch.requests)
                + prices.dollars(forOutgoing: forecast.bytesRead, stored: forecast.bytesRead)
        }
        return plan(push: push, fetch: fetch)
    }
}
