/// What is brought at once for a stream: a file, or a part of a large one.
struct ExportPiece: Sendable {
    let item: FetchItem
    /// The checked name at the destination.
    let path: LogicalPath
    /// The recipe and the number of the part; nil for a whole file.
    let part: (recipe: Recipe, index: Int)?

    var byteCount: Int64 {
        guard let part else { return item.size }
        let range = part.recipe.range(of: part.index)
        return range.upperBound - range.lowerBound
    }

    /// Whether the file begins with it.
    var isFirst: Bool { part.map { $0.index == 0 } ?? true }

    /// Whether the file ends with it.
    var isLast: Bool { part.map { $0.index == $0.recipe.parts.count - 1 } ?? true }

    /// The bytes of a piece, in a file in memory.
    struct Content: Sendable {
        let file: OpenFile
        var filled: ContentSource.Filled
    }

    struct Brought: Sendable {
        let piece: ExportPiece
        let result: Result<Content, any Error>
    }

    /// Brings pieces into memory, verified.
    struct Bringer: Sendable {
        let source: ContentSource

        func bring(_ piece: ExportPiece) async -> Brought {
            let result = await Result<Content, any Error>.catching {
                let file = try OpenFile.inMemory(piece.item.path)
                if let part = piece.part { return try await bring(part.recipe, part.index, piece, file) }
                let filled = try await source.fill(file, with: piece.item.digest, size: piece.item.size)
                return Content(file: file, filled: filled)
            }
            return Brought(piece: piece, result: result)
        }

        private func bring(
            _ recipe: Recipe,
            _ index: Int,
            _ piece: ExportPiece,
            _ file: OpenFile
        ) async throws -> Content {
            let range = recipe.range(of: index)
            var content = Content(file: file, filled: ContentSource.Filled())
            if try await source.copySlice(range, of: piece.item.digest, holding: recipe.parts[index].sha256, to: file) {
                content.filled.fetched.objectsReused = 1
            } else {
                let reader = ObjectReader(repository: source.repository, progress: source.context.progress)
                try await reader.fetchPart(recipe, index, into: file, at: 0)
                content.filled.fetched.objectsDownloaded = 1
                content.filled.bytesRaw = range.upperBound - range.lowerBound
            }
            source.context.progress.advance(bytes: range.upperBound - range.lowerBound)
            return content
        }
    }
}

/// The rows of a plan cut into pieces, in their order.
struct ExportPieces {
    private let export: Export
    private let source: Export.Source
    private var rows: PlanRows<FetchItem>
    /// The large file whose parts are handed out.
    private var large: ExportPiece?

    init(export: Export, source: Export.Source) {
        self.export = export
        self.source = source
        rows = export.rows(source)
    }

    /// The next piece; what cannot be cut is counted and told.
    mutating func next(_ summary: inout SyncSummary) async throws -> ExportPiece? {
        if let piece = large, let part = piece.part {
            let next = ExportPiece(item: piece.item, path: piece.path, part: (part.recipe, part.index + 1))
            large = next.isLast ? nil : next
            return next
        }
        while let item = try await rows.next() {
            do {
                let path = try LogicalPath(item.localPath)
                guard item.size > Recipe.threshold else { return ExportPiece(item: item, path: path, part: nil) }
                let piece = ExportPiece(item: item, path: path, part: (try await recipe(item), 0))
                large = piece.isLast ? nil : piece
                return piece
            } catch let error as LogicalPathError {
                summary.filesFailed += 1
                export.context.report(.refused(path: item.path, reason: error.reason))
            } catch let error as ReplayCacheError where error.code == .integrity {
                summary.filesFailed += 1
                summary.integrityFailed = true
                export.context.report(.failed(path: item.path, reason: error.description))
            }
        }
        return nil
    }

    private func recipe(_ item: FetchItem) async throws -> Recipe {
        let repository = source.repository
        let contents = ContentSource(context: export.context, repository: repository)
        let reader = ObjectReader(repository: repository, progress: export.context.progress)
        let object = try await contents.object(of: item.digest, size: item.size)
        do {
            return try await reader.recipe(of: object)
        } catch let error as ReplayCacheError where error.code == .integrity {
            // It may have been stored again since the log was read.
            try await repository.readLogAgain()
            let current = try await contents.object(of: item.digest, size: item.size)
            guard current.key != object.key else { throw error }
            return try await reader.recipe(of: current)
        }
    }
}

extension ContentSource {
    /// Copies a stretch of a content from a file on this machine, if there is one whose bytes there have the digest `part`.
    func copySlice(
        _ range: Range<Int64>,
        of digest: Digest,
        holding part: Digest,
        to file: OpenFile
    ) async throws -> Bool {
        for copy in try await context.catalog.copies(of: digest) {
            let isCopied = try await BlockingPool.shared.run {
                do {
                    guard let source = try Self.open(copy) else { return false }
                    try file.fill(
                        copying: FileSlice(file: source, range: range),
                        digest: part,
                        size: range.upperBound - range.lowerBound
                    )
                    return true
                } catch is ObjectEncodingError {
                    return false
                } catch let error as FileError where error.path != file.path {
                    return false  // As in `fill(_:with:size:)`.
                }
            }
            if isCopied { return true }
        }
        return false
    }
}
