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
