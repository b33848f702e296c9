extension OpenFile {
    /// Whether all bytes are those of another file.
    ///
    /// Blocks. Checks for cancellation once a mebibyte.
    package func hasBytes(of other: OpenFile) throws -> Bool {
        var offset: Int64 = 0
        return try BufferPool.reading.withBuffer { mine in
            try BufferPool.reading.withBuffer { others in
                while true {
                    try Task.checkCancellation()
                    let count = try read(at: offset, into: &mine)
                    guard try other.read(at: offset, into: &others) == count,
                        Self.areEqual(mine, others, count: count)
                    else { return false }
                    if count < mine.count { return true }
                    offset += Int64(count)
                }
            }
        }
    }
}
