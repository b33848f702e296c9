/// A stretch of an open file, or of what stands for one.
package struct FileSlice: ByteSource {
    private let file: any ByteSource
    private let range: Range<Int64>

    package init(file: any ByteSource, range: Range<Int64>) {
        self.file = file
        self.range = range
    }

    package var byteCount: Int64 { range.upperBound - range.lowerBound }

    package func read(at offset: Int64, into buffer: inout [UInt8]) throws -> Int {
        let count = try file.read(at: range.lowerBound + offset, into: &buffer)
        return Int(max(0, min(Int64(count), byteCount - offset)))
    }
}
