/// One commit: an immutable file in the log (`docs/format.md`, "Segments").
package struct Segment: Sendable, Equatable {
    package struct Header: Codable, Sendable, Equatable {
        package let v: Int
        package let repository: String
        package let writer: String
        package let hlc: String
        package let host: String
        package let tool: String
    }

    /// Largest decoded segment that is read, and so the largest that is written; a commit of 5,000 files has about 6 MB.
    static let maximumByteCount = 128 << 20
    static let maximumEncodedByteCount: Int64 = 64 << 20

    package let header: Header
    package let operations: [Operation]

    package init(repository: String, writer: String, hlc: HLC, operations: [Operation]) {
        header = Header(
            v: 1,
            repository: repository,
            writer: writer,
            hlc: hlc.text,
            host: Machine.hostName,
            tool: "replaycache \(Version.current)"
        )
        self.operations = operations
    }

    private init(header: Header, operations: [Operation]) {
        self.header = header
        self.operations = operations
    }

    /// The stored bytes and their name.
    ///
    /// `number` counts the segments of this writer. Throws when there are more operations than anybody would read.
    package func encoded(number: Int) throws -> (key: SegmentKey, bytes: [UInt8]) {
        var text = try JSON.line(header)
        text.append(UInt8(ascii: "\n"))
        for operation in operations {
            text += try operation.line()
            text.append(UInt8(ascii: "\n"))
            guard text.count <= Self.maximumByteCount else { throw tooLarge }
        }
        guard let hlc = HLC(text: header.hlc) else { preconditionFailure("a header holds the text of an HLC") }
        let key = SegmentKey(hlc: hlc, writer: header.writer, number: number, check: try Digest.of(text).short)
        var frame: [UInt8] = []
        try ZstdCompressor(level: 9, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &frame)
        guard Int64(frame.count) <= Self.maximumEncodedByteCount else { throw tooLarge }
        return (key, frame)
    }

    private var tooLarge: ReplayCacheError {
        ReplayCacheError(
            .usage,
            "\(Decimals.grouped(operations.count)) changes are too many for one commit: nobody could read it",
            hint: "publish fewer files at once, or pack small files into an archive"
        )
    }

    /// Reads stored bytes, which must be what `key` names.
    package static func decode(_ bytes: [UInt8], key: SegmentKey) throws -> Segment {
        var text: [UInt8] = []
        let decompressor = try ZstdDecompressor()
        try decompressor.decompress(bytes.span) { piece in
            guard text.count + piece.count <= maximumByteCount else { throw SegmentError("is implausibly large") }
            for index in piece.indices { text.append(piece[index]) }
        }
        try decompressor.finish()
        guard try Digest.of(text).short == key.check else { throw SegmentError("does not match its name") }
        var lines = text.split(separator: UInt8(ascii: "\n"))[...]
        guard let first = lines.popFirst() else { throw SegmentError("is empty") }
        let header = try header(first)
        guard header.v == 1 else { throw SegmentError("has version \(header.v), which this program does not know") }
        guard header.hlc == key.hlc.text, header.writer == key.writer else {
            throw SegmentError("has a header that does not match its name")
        }
        return Segment(header: header, operations: lines.map(Operation.init(line:)))
    }

    private static func header(_ line: ArraySlice<UInt8>) throws -> Header {
        do {
            return try JSON.decode(Header.self, from: line)
        } catch {
            throw SegmentError("has a header that cannot be read: \(JSON.reason(error))")
        }
    }
}

/// Why a segment cannot be read, as the end of a sentence.
package struct SegmentError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The key of a segment: `log/<hlc>-<writer>-<n>.<sha8>.ndjson.zst`.
///
/// Sorts by time.
package struct SegmentKey: Sendable, Hashable {
    package static let prefix = "log/"
    private static let suffix = ".ndjson.zst"

    package let hlc: HLC
    package let writer: String
    package let number: Int
    /// The first 8 hexadecimal digits of the SHA-256 of the decompressed text.
    package let check: String

    init(hlc: HLC, writer: String, number: Int, check: String) {
        self.hlc = hlc
        self.writer = writer
        self.number = number
        self.check = check
    }

    package var remoteKey: RemoteKey {
        guard let key = RemoteKey("\(Self.prefix)\(hlc.text)-\(writer)-\(number).\(check)\(Self.suffix)") else {
            preconditionFailure("a segment key has only letters, digits, dots and dashes")
        }
        return key
    }

    /// Reads a key; nil for anything but what ``remoteKey`` writes.
    package init?(_ text: String) {
        guard let name = StampedName(text, prefix: Self.prefix, suffix: Self.suffix), name.fields.count == 2 else {
            return nil
        }
        let tail = name.fields[1].split(separator: ".", omittingEmptySubsequences: false)
        guard tail.count == 2, let number = Int(tail[0]), number >= 0, StampedName.isHex(name.fields[0], count: 16),
            StampedName.isHex(tail[1], count: 8)
        else { return nil }
        self.init(
            hlc: HLC(milliseconds: name.time.milliseconds),
            writer: String(name.fields[0]),
            number: number,
            check: String(tail[1])
        )
        guard remoteKey.string == text else { return nil }
    }
}

/// The name of a writer: random, new for every process, so that no two ever write the same key.
package func newWriterName() -> String {
    let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
