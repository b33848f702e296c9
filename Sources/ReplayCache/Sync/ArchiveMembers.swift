/// Writes pieces as the members of an archive.
struct ArchiveMembers {
    private let writer: ArchiveWriter
    /// The digest of the large file that is being written.
    private var whole: DecodingSink?
    /// The large file that is left out, by its row: its first part could not be had.
    private var left: Int64?

    init(writer: ArchiveWriter) { self.writer = writer }

    /// What becomes of a piece that could not be had.
    enum Loss {
        /// Nothing of its file is written yet: the file is left out.
        case file
        /// Its file is left out already.
        case leftBefore
        /// Its file has begun: the archive ends here.
        case archive
    }

    mutating func lose(_ piece: ExportPiece) -> Loss {
        if left == piece.item.id { return .leftBefore }
        guard piece.isFirst else { return .archive }
        left = piece.item.id
        return .file
    }

    /// Writes a piece, with the header of its file if it is the first; false when its file is left out.
    mutating func write(_ piece: ExportPiece, _ file: OpenFile) async throws -> Bool {
        guard left != piece.item.id else { return false }
        if piece.isFirst {
            whole =
                piece.isLast
                ? nil
                : try DecodingSink(
                    encoding: .raw,
                    digest: piece.item.digest,
                    size: piece.item.size,
                    file: nil,
                    offset: 0
                )
        }
        try await BlockingPool.shared.run { [writer, whole] in try Self.write(piece, file, to: writer, whole) }
        return true
    }

    /// Blocks.
    private static func write(
        _ piece: ExportPiece,
        _ file: OpenFile,
        to writer: ArchiveWriter,
        _ whole: DecodingSink?
    ) throws {
        if piece.isFirst {
            try writer.begin(piece.path.string, size: piece.item.size, mtimeNanoseconds: piece.item.mtime)
        }
        var offset: Int64 = 0
        try BufferPool.reading.withBuffer { buffer in
            while offset < piece.byteCount {
                try Task.checkCancellation()
                let count = try file.read(at: offset, into: &buffer)
                guard count > 0 else { throw ObjectEncodingError.contentChanged }
                let bytes = buffer.span.extracting(0..<count)
                try whole?.receive(bytes)
                try writer.write(bytes)
                offset += Int64(count)
            }
        }
        guard piece.isLast, let whole else { return }
        do {
            try whole.finish()
        } catch is ObjectEncodingError {
            throw ReplayCacheError(
                .integrity,
                "the parts of \(piece.item.path) do not add up to its content; the archive ends in the middle of it",
                hint: ObjectReader.damageHint,
                subject: piece.item.path
            )
        }
    }

    /// Writes the end of the archive.
    func finish() async throws { try await BlockingPool.shared.run { [writer] in try writer.finish() } }
}
