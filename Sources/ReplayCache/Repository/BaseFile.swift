internal import Synchronization
internal import SystemPackage

/// The bytes of bases: made, brought and checked (`docs/format.md`, "Base").
enum BaseFile {
    /// Largest base that is read, as stored and as a database: room for 20 million entries.
    static let maximumEncodedByteCount: Int64 = 2 << 30
    static let maximumByteCount: Int64 = 16 << 30

    /// Threads that compress at once: a bound on memory.
    private static let maximumThreadCount = 4

    /// How far a database shrinks at most, with an allowance for the zeros of an empty one.
    ///
    /// More is a bomb.
    private static func maximumByteCount(encoded: Int64) -> Int64 { min(maximumByteCount, encoded * 64 + 4 << 20) }

    /// Compresses a database into `target` and returns its digest.
    ///
    /// Blocks.
    static func compress(_ source: OpenFile, into target: OpenFile) throws -> Digest {
        let byteCount = try source.status().size
        let compressor = try ZstdCompressor.forRows(
            byteCount: byteCount,
            threadCount: min(Machine.coreCount, maximumThreadCount)
        )
        let hash = try SHA256Context()
        var frame: [UInt8] = []
        var written: Int64 = 0
        try BufferPool.reading.withBuffer { buffer in
            var offset: Int64 = 0
            while offset < byteCount {
                try Task.checkCancellation()
                let count = try source.read(at: offset, into: &buffer)
                guard count > 0 else { throw FileError("read", source.path, .ioError) }
                offset += Int64(count)
                let piece = buffer.span.extracting(0..<count)
                try hash.update(piece)
                try compressor.compress(piece, isLast: offset == byteCount, into: &frame)
                try target.write(frame.span, at: written)
                written += Int64(frame.count)
                frame.removeAll(keepingCapacity: true)
            }
        }
        return try hash.finish()
    }

    /// Brings a base into a file, decompressed.
    ///
    /// - Throws: ``BaseError`` when what stands there is not what the key names.
    static func bring(_ base: ListedBase, from remote: some Remote, into file: OpenFile) async throws {
        guard base.byteCount <= maximumEncodedByteCount else { throw BaseError("is implausibly large") }
        var previous: Digest?
        var attempts = 0
        while true {
            let latest = Mutex<BaseSink?>(nil)
            do {
                try await remote.get(base.key.remoteKey, maximum: base.byteCount) {
                    try file.truncate(to: 0)
                    let sink = try BaseSink(file: file, maximum: maximumByteCount(encoded: base.byteCount))
                    latest.withLock { $0 = sink }
                    return { try sink.receive($0) }
                }
                guard try latest.withLock({ $0 })?.finish().short == base.key.check else {
                    throw BaseError("does not match its name")
                }
                return
            } catch let error where error is BaseError || error is ZstdError || Self.isTooLarge(error) {
                // The line may have changed the bytes: only the same ones twice are those that stand there.
                let mark = try latest.withLock { $0 }?.encodedDigest()
                attempts += 1
                guard mark != previous, attempts < 5 else { throw BaseError("\(error)") }
                previous = mark
            }
        }
    }

    private static func isTooLarge(_ error: any Error) -> Bool { (error as? RemoteError)?.reason == .tooLarge }

    /// Checks a database that came from a place before anything in it is believed: it has tables and views of the format
    /// and nothing else, its pages are sound, and its segments are what its key says.
    ///
    /// Blocks: one pass over the file. What stands in its rows is checked where it is used.
    static func check(_ path: String, key: BaseKey) throws {
        try checkForm(path)
        try checkContent(path, key: key)
    }

    /// The part of ``check(_:key:)`` after which statements of this program may run on it: nothing in it runs by itself.
    static func checkForm(_ path: String) throws {
        try checkHeader(path)
        try withDistrusted(path) { database in
            guard try database.first("PRAGMA encoding", [], { $0.text(0) }) == "UTF-8" else {
                throw BaseError("has text in another encoding than UTF-8")
            }
            let version = try database.first("PRAGMA user_version") { $0.int(0) } ?? 0
            guard version <= Schema.baseVersion else { throw BaseError("was written by a newer replaycache") }
            guard version >= Schema.firstBaseVersion, try schema(of: database) == expectedSchema(version) else {
                throw BaseError("has other tables, views or triggers than a base")
            }
        }
    }

    /// The part of ``check(_:key:)`` that reads all of it.
    static func checkContent(_ path: String, key: BaseKey) throws {
        try withDistrusted(path) { database in
            // One state of the file, whoever waits to write to it.
            try database.execute("BEGIN")
            let findings = try database.all("PRAGMA quick_check(1)") { $0.text(0) }
            guard findings == ["ok"] else { throw BaseError("is damaged: \(findings.first ?? "")") }
            try checkSegments(in: database, key: key)
        }
    }

    private static func withDistrusted(_ path: String, _ body: (Database) throws -> Void) throws {
        do {
            // For writing: SQLite looks at CHECK constraints, by which sizes and digests are bounded, only then.
            let database = try Database(path: path)
            try database.distrustFile()
            try database.execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
            try waitForLocks(in: database)
            try body(database)
        } catch let error as SQLiteError where !error.isOfTheMachine {
            throw BaseError("is damaged: \(error.message)")
        }
    }

    /// Makes a connection to a base in the making wait for the other one, which reads or writes all of it.
    static func waitForLocks(in database: Database) throws {
        try database.query("PRAGMA busy_timeout = 3600000") { _ in }
    }

    /// A journal that a header asks for would be looked for beside the file.
    private static func checkHeader(_ path: String) throws {
        var header = [UInt8](repeating: 0, count: 100)
        guard try OpenFile.reading(path).read(at: 0, into: &header) == 100,
            header.starts(with: Array("SQLite format 3\0".utf8))
        else { throw BaseError("is not a SQLite database") }
        guard header[18] == 1, header[19] == 1 else { throw BaseError("asks for a write-ahead log") }
    }

    private static func schema(of database: Database) throws -> [String] {
        try database.all("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema LIMIT 1000") { row in
            "\(row.text(0))\0\(row.text(1))\0\(row.text(2))\0\(row.text(3))"
        }.sorted()
    }

    private static func expectedSchema(_ version: Int) throws -> [String] {
        let database = try Database(path: ":memory:")
        try Schema.makeBase(in: database, version: version)
        return try schema(of: database)
    }

    /// Row ids count up from the highest ever; where that is the last number there is, nothing could be merged any more.
    private static let maximumSegmentRow: Int64 = 1 << 40

    /// The keys decide which segments are never read, and their times the clock of the next commit.
    private static func checkSegments(in database: Database, key: BaseKey) throws {
        var newest: HLC?
        try database.query("SELECT key, hlc, writer, id FROM segment") { (row: borrowing Row) throws in
            guard let segment = SegmentKey(row.text(0)), segment.hlc.milliseconds == row.int64(1),
                segment.writer == row.text(2), (1...maximumSegmentRow).contains(row.int64(3))
            else { throw BaseError("names a segment that is none") }
            newest = max(newest ?? segment.hlc, segment.hlc)
        }
        let counters = "SELECT 1 FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND ?"
        guard try database.first(counters, [.integer(maximumSegmentRow)], { _ in true }) == nil else {
            throw BaseError("counts its segments from an implausible number")
        }
        guard newest == key.hlc else { throw BaseError("covers other segments than its name says") }
    }
}

/// Takes the stored bytes of a base as they come, and writes the database.
final class BaseSink: Sendable {
    private struct State {
        let decompressor: ZstdDecompressor
        let plain: SHA256Context
        let encoded: SHA256Context
        var byteCount: Int64 = 0
    }

    private let file: OpenFile
    private let maximum: Int64
    private let state: Mutex<State>

    init(file: OpenFile, maximum: Int64) throws {
        self.file = file
        self.maximum = maximum
        state = Mutex(
            State(
                // 2^23: twice the window that bases are written with.
                decompressor: try ZstdDecompressor(maximumWindowLog: 23),
                plain: try SHA256Context(),
                encoded: try SHA256Context()
            )
        )
    }

    func receive(_ piece: Span<UInt8>) throws {
        try state.withLock { state in
            try state.encoded.update(piece)
            var byteCount = state.byteCount
            try state.decompressor.decompress(piece) { decoded in
                guard byteCount + Int64(decoded.count) <= maximum else { throw BaseError("is implausibly large") }
                try state.plain.update(decoded)
                try file.write(decoded, at: byteCount)
                byteCount += Int64(decoded.count)
            }
            state.byteCount = byteCount
        }
    }

    /// The digest of the database.
    func finish() throws -> Digest {
        try state.withLock { state in
            try state.decompressor.finish()
            return try state.plain.finish()
        }
    }

    /// The digest of what came so far, for the comparison of two tries.
    func encodedDigest() throws -> Digest { try state.withLock { try $0.encoded.finish() } }
}
