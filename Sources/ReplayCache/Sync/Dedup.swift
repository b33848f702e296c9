/// What to look for among copies and recordings, and which of several to keep.
public struct DedupOptions: Sendable {
    /// Which files, or entries; its limit is the number of groups.
    public var selection = Selection()
    /// Which of several recordings of one game comes first in its group.
    public var preference = RecordingPreference.complete

    /// Everything; whole recordings before others.
    public init() {}
}

/// Finds files, or recordings of one game, of which one would do.
///
/// Changes nothing.
struct Dedup {
    let context: SyncContext
    let options: DedupOptions

    /// Looks among the files of this machine; of one folder, scanned first, if it is given.
    func local(_ directory: String?, _ body: @Sendable (DuplicateGroup) throws -> Void) async throws -> SyncSummary {
        var summary = SyncSummary(command: "dedup")
        var root: LocalRoot?
        if let directory {
            let opened = try await LocalRoot.open(directory, catalog: context.catalog)
            _ = try await Scan(context: context, root: opened).run(into: &summary)
            root = opened
        }
        // A connection of its own: temporary tables belong to one.
        let home = context.catalog.home
        let catalog = try await BlockingPool.shared.run { try Catalog(home: home) }
        let source = DuplicateSource.local(root?.id)
        var resolved = options
        resolved.selection = try await context.resolved(options.selection, in: catalog)
        let options = resolved
        var totals = try await catalog.interruptible {
            try await catalog.eachCopy(options.selection, source, body)
        }
        if totals.groupCount < options.selection.limit ?? .max {
            try await catalog.interruptible { try await catalog.findRecordings(source) }
            context.progress.begin("reading events")
            try await EventDigests(context: context, catalog: catalog).run()
            try await catalog.eachRecordingGroup(source, options, &totals, body)
        }
        summary.add(totals)
        return summary
    }
}

extension Catalog {
    /// Contents with more than one physical file: hard links of one file are not copies of it.
    fileprivate func eachCopy(
        _ selection: Selection,
        _ source: DuplicateSource,
        _ body: @Sendable (DuplicateGroup) throws -> Void
    ) throws -> DuplicateTotals {
        var sharing: [Int64: Bool] = [:]
        return try database.eachCopy(selection, source, body) { device, path in
            if let known = sharing[device] { return known }
            let shares = (try? FileSystem(of: path).sharesBlocks) ?? false
            sharing[device] = shares
            return shares
        }
    }

    fileprivate func findRecordings(_ source: DuplicateSource) throws {
        try RecordingTables(database: database, source: source).make()
    }

    fileprivate func eachRecordingGroup(
        _ source: DuplicateSource,
        _ options: DedupOptions,
        _ totals: inout DuplicateTotals,
        _ body: @Sendable (DuplicateGroup) throws -> Void
    ) throws {
        try RecordingTables(database: database, source: source).eachGroup(options, &totals, body)
    }
}

extension PlaceStore {
    /// Contents that more than one entry holds, and recordings of one game.
    ///
    /// Entries of one content are stored once, so nothing is wasted by them. The bytes of events are not at hand, so that
    /// recordings that differ in metadata alone are found as those of one game are.
    func eachDuplicate(_ options: DedupOptions, _ body: @Sendable (DuplicateGroup) throws -> Void) throws
        -> DuplicateTotals
    {
        var totals = try database.eachCopy(options.selection, .place, body) { _, _ in false }
        let tables = RecordingTables(database: database, source: .place)
        try tables.make()
        try tables.eachGroup(options, &totals, body)
        return totals
    }
}

extension RecordingTables {
    /// The groups of recordings, as far as the limit leaves room after those of copies.
    fileprivate func eachGroup(
        _ options: DedupOptions,
        _ totals: inout DuplicateTotals,
        _ body: (DuplicateGroup) throws -> Void
    ) throws {
        let limit = options.selection.limit ?? .max
        try eachGroup(options.preference) { group in
            guard totals.groupCount < limit else { return }
            try body(group)
            totals.add(group)
        }
    }
}

extension Database {
    fileprivate func eachCopy(
        _ selection: Selection,
        _ source: DuplicateSource,
        _ body: (DuplicateGroup) throws -> Void,
        sharesBlocks: (_ device: Int64, _ path: String) -> Bool
    ) throws -> DuplicateTotals {
        var totals = DuplicateTotals()
        try source.makeNames(selection, in: self)
        try source.makeCopies(limit: selection.limit, in: self)
        var last: Int64 = 0
        while true {
            let page = try copiedContents(after: last)
            guard let end = page.last else { return totals }
            last = end.id
            for copied in page {
                let group = try duplicateGroup(of: copied, source, sharesBlocks: sharesBlocks)
                try body(group)
                totals.add(group)
            }
        }
    }
}
