internal import Synchronization

/// What reading an archive takes.
struct ArchiveTools: Sendable {
    /// Of the outermost archive, for people.
    let name: String
    let naming: ImportNaming
    let limits: ImportLimits
    let keepsArchives: Bool
    /// Memory for contents that were read and are not stored yet.
    let budget: AsyncSemaphore
    /// Where contents wait that are too long for memory.
    let folder: OpenFile
    let meter: UnpackMeter

    init(_ name: String, _ options: ImportOptions, budget: AsyncSemaphore, folder: OpenFile) {
        self.name = name
        naming = ImportNaming(options)
        limits = options.limits
        keepsArchives = options.keepsArchives
        self.budget = budget
        self.folder = folder
        meter = UnpackMeter(options.limits)
    }

    /// Where an archive is.
    enum Input: Sendable {
        case file(any ByteSource)
        case stream(any ByteStream)

        var stream: any ByteStream {
            switch self {
            case .file(let file): FileStream(file)
            case .stream(let stream): stream
            }
        }
    }

    /// Begins to read an archive.
    ///
    /// Blocks.
    func open(_ input: Input, name: String, prefix: String, mtime: Int64, isNamed: Bool) throws -> ArchiveLevel {
        let packing = Packing.of(name, isNamed: isNamed).packing
        let source: ArchiveLevel.Source
        switch packing {
        case .archive: source = .members(try reader(input, name))
        case .tar where name.lowercased().hasSuffix(".tar"): source = .members(try ArchiveReader(stream: input.stream))
        case .tar: source = .members(try ArchiveReader(stream: unpacked(FileStream(try checked(input, name)), name)))
        case .single: source = .single(try unpacked(input.stream, name))
        case .slpz: source = .single(try decoded(input.stream))
        case .none: source = .single(input.stream)
        }
        let isFolder = packing.hasMembers && !prefix.isEmpty
        return ArchiveLevel(source: source, name: name, prefix: isFolder ? prefix + "/" : prefix, mtime: mtime)
    }

    /// What is packed with gzip, xz or zstd.
    private func unpacked(_ stream: any ByteStream, _ name: String) throws -> any ByteStream {
        let lowered = name.lowercased()
        if lowered.hasSuffix(".gz") || lowered.hasSuffix(".tgz") { return try GzipStream(stream) }
        let reader = try ArchiveReader(stream: stream, isSingle: true)
        _ = try reader.next()
        return reader
    }

    /// A packed tar that is whole: it has one checksum, which comes last, and its members have none.
    ///
    /// So it is unpacked once for nothing before any of it is believed.
    private func checked(_ input: Input, _ name: String) throws -> any ByteSource {
        let file =
            switch input {
            case .file(let file): file
            case .stream(let stream): try spool(stream, maximum: limits.fileByteCount).source
            }
        let stream = try unpacked(FileStream(file), name)
        let mark = meter.mark
        defer { meter.goBack(to: mark) }
        try BufferPool.reading.withBuffer { buffer in
            while true {
                let count = try stream.read(into: &buffer)
                if count == 0 { return }
                try meter.note(produced: count)
            }
        }
        return file
    }

    private func reader(_ input: Input, _ name: String) throws -> ArchiveReader {
        switch input {
        case .file(let file): return try ArchiveReader(file: file)
        case .stream(let stream):
            guard name.lowercased().hasSuffix(".7z") else { return try ArchiveReader(stream: stream) }
            return try ArchiveReader(file: try spool(stream, maximum: limits.fileByteCount).source)
        }
    }

    private func decoded(_ stream: any ByteStream) throws -> FileStream {
        var packed: [UInt8] = []
        try BufferPool.reading.withBuffer { buffer in
            while packed.count <= limits.decodedByteCount {
                let count = try stream.read(into: &buffer)
                if count == 0 { return }
                packed += buffer[0..<count]
            }
            throw SlpzError.tooLarge(maximum: limits.decodedByteCount)
        }
        return FileStream(ByteArraySource(try SlpzDecoder.decode(packed, maximum: limits.decodedByteCount)))
    }

    /// Takes in what comes out of `stream`.
    ///
    /// Blocks.
    func spool(_ stream: any ByteStream, maximum: Int64) throws -> SpooledContent {
        let spool = try Spool(in: folder, maximum: maximum)
        try BufferPool.reading.withBuffer { buffer in
            while true {
                let count = try stream.read(into: &buffer)
                if count == 0 { break }
                try spool.append(buffer[0..<count])
                try meter.note(produced: count)
            }
        }
        return try spool.finish()
    }
}

/// Watches that what comes out of an archive stays in proportion to what goes in.
final class UnpackMeter: Sendable {
    private let limits: ImportLimits
    private let consumed = Atomic<Int64>(0)
    /// Bytes of the file that all comes out of.
    private let available = Atomic<Int64>(0)
    private let produced = Atomic<Int64>(0)

    init(_ limits: ImportLimits) { self.limits = limits }

    /// Something was packed so well that nobody means it.
    struct Exceeded: Error, Sendable, CustomStringConvertible {
        let ratio: Int64
        /// The end of a sentence.
        var description: String { "unpacks to more than \(ratio) times its size, and is taken for a bomb" }
    }

    /// Counts bytes that came out, of whichever of the archives inside each other.
    ///
    /// - Throws: ``Exceeded``.
    func note(produced count: Int) throws {
        let total = produced.add(Int64(count), ordering: .relaxed).newValue
        // Members of a zip may lie in one another: what is read again and again does not pay again.
        let paid = min(consumed.load(ordering: .relaxed), available.load(ordering: .relaxed))
        let most = paid.multipliedReportingOverflow(by: limits.ratio)
        guard most.overflow || total <= limits.harmlessByteCount + most.partialValue else {
            throw Exceeded(ratio: limits.ratio)
        }
    }

    /// How much came out so far.
    var mark: Int64 { produced.load(ordering: .relaxed) }

    /// Forgets what came out since: of a member that is passed over, or only to look at its checksum.
    func goBack(to mark: Int64) { produced.store(mark, ordering: .relaxed) }

    /// The same file, counted as it is read.
    func watching(_ file: any ByteSource) -> any ByteSource {
        available.store(file.byteCount, ordering: .relaxed)
        return WatchedFile(file: file, meter: self)
    }

    private struct WatchedFile: ByteSource {
        let file: any ByteSource
        let meter: UnpackMeter

        var byteCount: Int64 { file.byteCount }

        func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int {
            let count = try file.read(at: offset, into: &buffer)
            meter.consumed.add(Int64(count), ordering: .relaxed)
            return count
        }
    }
}

/// What comes out of an archive into one that is in it.
struct MeteredStream: ByteStream {
    let stream: any ByteStream
    let meter: UnpackMeter

    func read(into buffer: inout [UInt8]) throws -> Int {
        let count = try stream.read(into: &buffer)
        try meter.note(produced: count)
        return count
    }
}

extension ArchiveError {
    /// Whether nothing is wrong with the bytes but that nobody here has the key.
    var isEncryption: Bool { description.contains("encrypted") }
}
