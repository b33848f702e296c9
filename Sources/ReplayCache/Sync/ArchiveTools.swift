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
        let isGzip = name.lowercased().hasSuffix(".gz") || name.lowercased().hasSuffix(".tgz")
        let source: ArchiveLevel.Source
        switch packing {
        case .archive: source = .members(try reader(input, name))
        case .tar: source = .members(try ArchiveReader(stream: isGzip ? GzipStream(input.stream) : input.stream))
        case .single where isGzip: source = .single(try GzipStream(input.stream))
        case .single:
            let reader = try ArchiveReader(stream: input.stream, isSingle: true)
            _ = try reader.next()
            source = .single(reader)
        case .none: source = .single(input.stream)
        }
        let isFolder = if case .members = source { !prefix.isEmpty } else { false }
        return ArchiveLevel(source: source, name: name, prefix: isFolder ? prefix + "/" : prefix, mtime: mtime)
    }

    private func reader(_ input: Input, _ name: String) throws -> ArchiveReader {
        switch input {
        case .file(let file): return try ArchiveReader(file: file)
        case .stream(let stream):
            guard name.lowercased().hasSuffix(".7z") else { return try ArchiveReader(stream: stream) }
            return try ArchiveReader(file: try spool(stream, maximum: limits.fileByteCount, []).source)
        }
    }

    /// Takes in what comes out of `stream`.
    ///
    /// Blocks.
    func spool(_ stream: any ByteStream, maximum: Int64, _ levels: [ArchiveLevel]) throws -> SpooledContent {
        let spool = try Spool(in: folder, maximum: maximum)
        try BufferPool.reading.withBuffer { buffer in
            while true {
                let count = try stream.read(into: &buffer)
                if count == 0 { break }
                try spool.append(buffer[0..<count])
                try meter.add(count, of: levels)
            }
        }
        return try spool.finish()
    }
}

/// Watches that what comes out of an archive stays in proportion to what goes in.
final class UnpackMeter: Sendable {
    private let limits: ImportLimits
    private let produced = Atomic<Int64>(0)

    init(_ limits: ImportLimits) { self.limits = limits }

    /// Something was packed so well that nobody means it.
    struct Exceeded: Error, Sendable, CustomStringConvertible {
        let ratio: Int64
        /// The end of a sentence.
        var description: String {
            "unpacks to more than \(ratio) times its size, and is taken for a bomb; what was read before is imported"
        }
    }

    /// Counts bytes that came out of the last of `levels`.
    ///
    /// - Throws: ``Exceeded``.
    func add(_ count: Int, of levels: [ArchiveLevel]) throws {
        let total = produced.add(Int64(count), ordering: .relaxed).newValue
        guard total > limits.harmlessByteCount, case .members(let outermost)? = levels.first?.source else { return }
        let (most, overflows) = outermost.consumedBytes.multipliedReportingOverflow(by: limits.ratio)
        guard overflows || total <= limits.harmlessByteCount + most else { throw Exceeded(ratio: limits.ratio) }
    }
}

/// What comes out of an archive into one that is in it.
struct MeteredStream: ByteStream {
    let stream: any ByteStream
    let meter: UnpackMeter
    let levels: [ArchiveLevel]

    func read(into buffer: inout [UInt8]) throws -> Int {
        let count = try stream.read(into: &buffer)
        try meter.add(count, of: levels)
        return count
    }
}

extension ArchiveError {
    /// Whether nothing is wrong with the bytes but that nobody here has the key.
    var isEncryption: Bool { description.contains("encrypted") }
}
