/// Fills files with contents, verified: from a file on this machine where the catalog knows one, else from the repository.
struct ContentSource: Sendable {
    let context: SyncContext
    let repository: Repository

    /// What filling a file took.
    struct Filled: Sendable {
        var fetched = ObjectReader.Fetched()
        /// Content bytes that came from the repository.
        var bytesRaw: Int64 = 0
    }

    /// Writes the content into `file`, which is right when this returns; progress hears of its bytes.
    ///
    /// - Throws: ``ReplayCacheError`` with code `integrity` when the repository does not have it whole.
    func fill(_ file: OpenFile, with digest: Digest, size: Int64) async throws -> Filled {
        if try await copyFromThisMachine(digest, size, to: file) {
            context.progress.advance(bytes: size)
            return Filled(fetched: ObjectReader.Fetched(objectsReused: 1))
        }
        let reader = ObjectReader(repository: repository, progress: context.progress)
        let fetched = try await reader.fetch(try await object(of: digest, size: size), into: file)
        return Filled(fetched: fetched, bytesRaw: size)
    }

    /// The object that holds a content.
    func object(of digest: Digest, size: Int64) async throws -> PlaceStore.StoredObject {
        guard let object = try await repository.store.object(of: digest), object.size == size else {
            throw ReplayCacheError(
                .integrity,
                "the repository names no object for content \(digest.short)",
                hint: ObjectReader.damageHint,
                subject: digest.hex
            )
        }
        return object
    }

    private func copyFromThisMachine(_ digest: Digest, _ size: Int64, to file: OpenFile) async throws -> Bool {
        for copy in try await context.catalog.copies(of: digest) {
            let isCopied = try await BlockingPool.shared.run {
                do {
                    guard let source = try Self.open(copy) else { return false }
                    try file.fill(from: source, digest: digest, size: size)
                    return true
                } catch is ObjectEncodingError {
                    return false
                } catch let error as FileError where error.path != file.path {
                    return false  // The other file is gone or unreadable; it was only a chance to save a download.
                }
            }
            if isCopied { return true }
        }
        return false
    }

    /// Opens a file that the catalog knows; nil when it is not as it was.
    ///
    /// Blocks.
    static func open(_ copy: LocalCopy) throws -> OpenFile? {
        let directory = try OpenFile.directory(copy.root)
        let source = try directory.parent(of: copy.path, creating: false).reading(String(copy.path.name))
        return try source.status().isUnchanged(since: copy.status) ? source : nil
    }
}

extension OpenFile {
    /// Shares the blocks of `source` where the file system can, else copies its bytes; verified either way.
    ///
    /// Blocks. Throws ``ObjectEncodingError`` when `source` holds another content.
    func fill(from source: OpenFile, digest: Digest, size: Int64) throws {
        if reflink(from: source) {
            // Shared blocks are hashed too: the time stamps of a file written to a moment ago prove nothing.
            guard try Digest.of(self) == (digest, size) else { throw ObjectEncodingError.contentChanged }
            return
        }
        try fill(copying: source, digest: digest, size: size)
    }

    /// Copies the bytes of `source`, verified.
    ///
    /// Blocks. Throws ``ObjectEncodingError`` when `source` holds another content.
    func fill(copying source: some ByteSource, digest: Digest, size: Int64) throws {
        let decoder = try VerifyingDecoder(encoding: .raw, digest: digest, byteCount: size)
        var offset: Int64 = 0
        try BufferPool.reading.withBuffer { buffer in
            while true {
                try Task.checkCancellation()
                let count = try source.read(at: offset, into: &buffer)
                try decoder.decode(buffer.span.extracting(0..<count)) { try write($0, at: offset) }
                offset += Int64(count)
                if count < buffer.count { break }
            }
        }
        try decoder.finish()
        try truncate(to: size)
    }
}
