extension Digest {
    /// The digest of a whole source and the number of bytes that were there, in one pass of 1 MiB reads.
    ///
    /// Blocks. Checks for cancellation once a mebibyte.
    package static func of(_ source: some ByteSource) throws -> (digest: Digest, byteCount: Int64) {
        try BufferPool.reading.withBuffer { buffer in
            let context = try SHA256Context()
            var offset: Int64 = 0
            while true {
                try Task.checkCancellation()
                let count = try source.read(at: offset, into: &buffer)
                try context.update(buffer.span.extracting(0..<count))
                offset += Int64(count)
                if count < buffer.count { break }
            }
            return (try context.finish(), offset)
        }
    }
}
