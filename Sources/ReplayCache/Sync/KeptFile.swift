internal import SystemPackage

/// What a forced fetch keeps of a local file: its bytes, under `NAME.replaced-<sha8>`.
enum KeptFile {
    /// Moves the file `name`, which must still be as `known`, to a name of its content.
    ///
    /// False, and nothing moved, when a file kept before has the same bytes. The name is worked out from the bytes that are
    /// there now. A file that was kept before and edited since is left as it is: the next eight digits of the digest serve
    /// then.
    static func keep(_ name: String, as known: FileStatus, in directory: OpenFile) throws -> Bool {
        let digest = try Digest.of(try directory.reading(name)).digest
        guard try directory.status(of: name).isUnchanged(since: known) else {
            throw FileError("replace", directory.joined(name), .fileExists)
        }
        let digits = digest.hex
        for start in stride(from: 0, to: digits.count, by: 8) {
            let kept = "\(name).replaced-\(digits.dropFirst(start).prefix(8))"
            if try move(name, to: kept, in: directory) { return true }
            if holds(kept, digest, in: directory) { return false }
        }
        throw FileError("keep a copy of", directory.joined(name), .fileExists)
    }

    /// False when something has that name.
    private static func move(_ name: String, to kept: String, in directory: OpenFile) throws -> Bool {
        do {
            try directory.rename(name, to: kept, in: directory, replacing: false)
            return true
        } catch {
            guard error.errno == .fileExists else { throw error }
            return false
        }
    }

    /// Whether `name` is a file with this content; one that cannot be read is taken for another.
    private static func holds(_ name: String, _ digest: Digest, in directory: OpenFile) -> Bool {
        guard let file = try? directory.reading(name), (try? file.status().kind) == .regular else { return false }
        return (try? Digest.of(file).digest) == digest
    }
}
