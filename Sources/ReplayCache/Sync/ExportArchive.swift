internal import SystemPackage

/// Writes the files of a selection as a tar archive, in the order of their paths.
///
/// Several are brought at once, into memory, while one is written. A small file is verified before its header is written,
/// so that a damaged one is left out and named. Of a large one each part is verified before it is written: what is wrong
/// after the first ends the archive without its end mark.
struct ExportArchive {
    let export: Export
    let source: Export.Source

    private var context: SyncContext { export.context }

    /// Contents in memory, in bytes.
    static let maximumBytesInMemory: Int64 = 128 << 20

    func runToStandardOutput(_ summary: inout SyncSummary) async throws {
        if export.options.isDryRun { return try await export.tellPlan(source, &summary) }
        export.begin(source.selected, to: "-")
        let output = StandardOutput()
        try await write(&summary) { try output.write($0) }
    }

    func run(into path: String, _ summary: inout SyncSummary) async throws {
        try Export.refuseRepository(at: path)
        let target = try ArchiveFile(path: path, isForced: export.options.isForced)
        try await target.check(source.selected.bytes)
        if export.options.isDryRun { return try await export.tellPlan(source, &summary) }
        export.begin(source.selected, to: path)
        let opened = try target.create()
        try await write(&summary) { try opened.append($0) }
        try await BlockingPool.shared.run { try opened.place() }
    }

    private func write(
        _ summary: inout SyncSummary,
        to output: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) async throws {
        var counts = summary
        var pieces = ExportPieces(export: export, source: source)
        var members = ArchiveMembers(writer: try ArchiveWriter(output))
        let bringer = ExportPiece.Bringer(source: ContentSource(context: context, repository: source.repository))
        let parallelism = source.repository.remote.parallelism
        defer { summary = counts }
        try await forEachInOrder(
            OrderedWindow(
                width: min(max(2 * Machine.coreCount + 4, parallelism), 128),
                budget: Self.maximumBytesInMemory
            ),
            weight: { $0.byteCount },
            next: { try await pieces.next(&counts) },
            work: { await bringer.bring($0) },
            collect: { try await take($0, &members, &counts) }
        )
        try await members.finish()
    }

    private func take(
        _ brought: ExportPiece.Brought,
        _ members: inout ArchiveMembers,
        _ summary: inout SyncSummary
    ) async throws {
        let piece = brought.piece
        switch brought.result {
        case .failure(let error):
            switch members.lose(piece) {
            case .file: try fail(piece.item.path, error, &summary)
            case .leftBefore: return
            case .archive: throw Self.broken(piece, error)
            }
        case .success(let content):
            summary.objectsDownloaded += content.filled.fetched.objectsDownloaded
            summary.objectsReused += content.filled.fetched.objectsReused
            summary.bytesRaw += content.filled.bytesRaw
            guard try await members.write(piece, content.file), piece.isLast else { return }
            summary.filesPlaced += 1
            context.progress.advance(items: 1)
            context.report(.placed(path: piece.path.string))
        }
    }

    /// What ends an archive in the middle of a file.
    private static func broken(_ piece: ExportPiece, _ error: any Error) -> ReplayCacheError {
        var told = ReplayCacheError(error, doing: "exporting \(piece.item.path)", subject: piece.item.path)
        if told.code == .integrity { told.hint = told.hint ?? ObjectReader.damageHint }
        return told
    }

    /// A file that is damaged at the place is left out; anything else ends the export.
    private func fail(_ path: String, _ error: any Error, _ summary: inout SyncSummary) throws {
        guard let error = error as? ReplayCacheError, error.code == .integrity else {
            throw ReplayCacheError(error, doing: "exporting \(path)", subject: path)
        }
        summary.filesFailed += 1
        summary.integrityFailed = true
        context.report(.failed(path: path, reason: error.description))
    }
}
