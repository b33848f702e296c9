package import ReplayCache

/// What stands at a place, seen and changed behind the backs of its clients.
package struct Depot: Sendable {
    package let place: Place
    private let bucket: TestBucket?
    private static let prefix = "replaycache"

    /// An absent directory, or the empty prefix of a bucket.
    package init(_ kind: PlaceKind, in scratch: Scratch) async throws {
        switch kind {
        case .directory:
            bucket = nil
            place = try scratch.place()
        case .bucket:
            let bucket = try await TestServer.shared(.quirks(.generic)).makeBucket()
            self.bucket = bucket
            place = try bucket.place(prefix: Self.prefix)
        }
    }

    /// The place as it is written on a command line, and the variables that it needs.
    package var commandLine: (remote: String, variables: [String: String]) {
        if let bucket { return ("s3:\(bucket.name)/\(Self.prefix)", bucket.variables()) }
        return (place.directory, [:])
    }

    /// What an audit reads.
    package func remote() throws -> any Remote {
        if let bucket { return S3Remote(bucket.connection(prefix: Self.prefix)) }
        return try DirectoryRemote(path: place.directory)
    }

    /// The keys that begin with `prefix`, sorted.
    package func keys(_ prefix: String = "") throws -> [String] {
        if let bucket {
            return try bucket.objects().filter { !$0.isDeleted && $0.key.hasPrefix("\(Self.prefix)/\(prefix)") }
                .map { String($0.key.dropFirst(Self.prefix.count + 1)) }.sorted()
        }
        guard Tree.exists(place.directory) else { return [] }
        return try Tree.files(below: place.directory).filter { $0.hasPrefix(prefix) }.sorted()
    }

    /// Lets all keys with a prefix look older by so many hours.
    package func age(_ prefix: String, hours: Int) throws {
        for key in try keys(prefix) {
            if let bucket {
                try bucket.age("\(Self.prefix)/\(key)", by: 3600 * hours)
            } else {
                let file = try OpenFile.reading("\(place.directory)/\(key)")
                let mtime = try file.status().mtimeNanoseconds
                try file.setModificationTime(nanoseconds: mtime - Int64(hours) * 3_600_000_000_000)
            }
        }
    }

    /// Lets all lists of condemned keys look as if they had been made so many hours earlier: their names tell the time too.
    package func ageLists(hours: Int) async throws {
        let remote = try remote()
        for name in try keys(CondemnedListKey.prefix) {
            guard let key = CondemnedListKey(name) else { continue }
            let then = Timestamp(milliseconds: key.time.milliseconds - Int64(hours) * 3_600_000)
            let old = CondemnedListKey(time: then, id: key.id).remoteKey
            try plant(old.string, try await remote.bytes(of: key.remoteKey, maximum: 1 << 26))
            try age(old.string, hours: hours)
            try self.remove(name)
        }
    }

    /// Puts a small content there that no commit names, as it was put by a push that was killed so many hours ago.
    package func plantObject(_ bytes: [UInt8], hoursAgo hours: Int) throws -> ObjectKey {
        let key = ObjectKey(digest: try Digest.of(bytes), form: .content(.raw))
        try plant(key.remoteKey.string, bytes)
        try age(key.remoteKey.string, hours: hours)
        return key
    }

    /// Puts a segment there that was committed so many hours ago.
    package func plantSegment(
        _ operations: [ReplayCache.Operation],
        hoursAgo hours: Int,
        repository: String = oldRepository
    ) throws {
        let time = Timestamp.now().milliseconds - Int64(hours) * 3_600_000
        let writer = newWriterName()
        let segment = Segment(
            repository: repository,
            writer: writer,
            hlc: HLC(milliseconds: time),
            operations: operations
        )
        let (key, bytes) = try segment.encoded(number: 0)
        try plant(key.remoteKey.string, bytes)
        try age(key.remoteKey.string, hours: hours)
    }

    /// The id of a repository that is planted.
    package static let oldRepository = "00000000-0000-4000-8000-000000000000"

    /// Makes the repository that planted segments belong to.
    package func plantManifest() throws {
        try plant(Manifest.key.string, try Manifest(repository: Self.oldRepository).encoded())
    }

    /// Puts bytes there under a key.
    package func plant(_ key: String, _ bytes: [UInt8]) throws {
        if let bucket { return try bucket.plant("\(Self.prefix)/\(key)", bytes) }
        try Tree.write(bytes, to: "\(place.directory)/\(key)")
    }

    /// Removes a key.
    package func remove(_ key: String) throws {
        if let bucket { return try bucket.remove("\(Self.prefix)/\(key)") }
        try Tree.remove("\(place.directory)/\(key)")
    }

    /// Changes a byte of what stands under a key.
    package func damage(_ key: String, at offset: Int) throws {
        if let bucket { return try bucket.damage("\(Self.prefix)/\(key)", at: offset) }
        var bytes = try Tree.read("\(place.directory)/\(key)")
        bytes[offset] ^= 1
        try Tree.write(bytes, to: "\(place.directory)/\(key)")
    }

    /// Changes what the place does with requests; only a bucket's server can be told.
    package func behave(_ behaviour: ServerBehaviour) throws { try bucket?.behave(behaviour) }
}
