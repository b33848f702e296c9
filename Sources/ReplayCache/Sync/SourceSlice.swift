/// A file that is being sent could not be opened or read.
///
/// That concerns this file alone, unlike a failure of the remote or of the catalog, so it is told apart where it happens.
struct SourceError: Error, Sendable {
    let cause: FileError

    /// Calls `body`, which touches nothing but the file to send.
    static func tagging<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            guard let cause = error as? FileError else { throw error }
            throw SourceError(cause: cause)
        }
    }
}

/// A stretch of a file that is being sent; what goes wrong in reading it is a ``SourceError``.
struct SourceSlice: ByteSource {
    private let slice: FileSlice

    init(file: any ByteSource, range: Range<Int64>) { slice = FileSlice(file: file, range: range) }

    var byteCount: Int64 { slice.byteCount }

    func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int {
        try SourceError.tagging { try slice.read(at: offset, into: &buffer) }
    }
}
