package import ReplayCache
internal import Synchronization

/// Everything at a place, read and checked by the words of `docs/format.md` rather than by the engine that wrote it.
package struct PlaceAudit: Sendable {
    /// The digest of each visible path.
    package private(set) var entries: [String: Digest] = [:]
    /// What breaks a promise; empty when all are kept.
    package private(set) var problems: [String] = []
    /// Keys of objects that were found whole.
    package private(set) var objects: Set<String> = []

    /// What was found whole by an earlier audit: a key is written once, so only what changed is read again.
    package final class Memory: Sendable {
        fileprivate let whole = Mutex<[String: RemoteItem]>([:])

        package init() {}
    }

    /// Looks at a place; nil stands for a directory that does not exist yet.
    ///
    /// After a loss of power only what was committed need be whole: `onlyCommitted`.
    package init(
        of remote: (any Remote)?,
        onlyCommitted: Bool = false,
        memory: Memory = Memory()
    ) async throws {
        guard let remote else { return }
        let found = Mutex<[RemoteItem]>([])
        try await remote.list(prefix: "", after: nil) { page in found.withLock { $0 += page } }
        let items = found.withLock { $0 }
        var stored: [String: RemoteItem] = [:]
        var segments: [(key: SegmentKey, segment: Segment)] = []
        for item in items {
            let name = item.key.string
            if ObjectKey(name) != nil {
                stored[name] = item
            } else if let key = SegmentKey(name) {
                do {
                    let bytes = try await remote.bytes(of: item.key, maximum: 1 << 26)
                    segments.append((key, try Segment.decode(bytes, key: key)))
                } catch {
                    problems.append("\(name) \(error)")
                }
            } else if name != "replaycache.json", !name.hasPrefix("base/"), !name.hasPrefix("gc/") {
                problems.append("\(name) is nothing that belongs there")
            }
        }
        segments.sort { $0.key.remoteKey < $1.key.remoteKey }
        let (visible, keys) = Self.merge(segments.flatMap(\.segment.operations))
        entries = visible
        if !onlyCommitted {
            for name in stored.keys.sorted() { try await check(name, stored, remote, memory) }
        }
        for (digest, name) in keys where onlyCommitted || stored[name] == nil {
            guard stored[name] != nil else {
                problems.append("\(name) of \(digest.short) is missing")
                continue
            }
            try await check(name, stored, remote, memory)
        }
        for (path, digest) in visible where keys[digest] == nil { problems.append("\(path) has no object") }
    }

    /// What a reader of the whole log sees: paths, and where each content is stored.
    private static func merge(_ operations: [Operation]) -> (entries: [String: Digest], keys: [Digest: String]) {
        var entries: [String: Digest] = [:]
        var keys: [Digest: String] = [:]
        var hidden: [String: Set<Digest>] = [:]
        for operation in operations {
            if case .obj(let object) = operation { keys[object.sha256] = object.key }
        }
        var decided: Set<String> = []
        for operation in operations.reversed() {
            switch operation {
            case .del(let del): hidden[del.path, default: []].insert(del.was)
            case .put(let put) where decided.insert(put.path).inserted:
                if hidden[put.path]?.contains(put.sha256) != true { entries[put.path] = put.sha256 }
            default: break
            }
        }
        return (entries, keys)
    }

    private mutating func check(
        _ name: String,
        _ stored: [String: RemoteItem],
        _ remote: any Remote,
        _ memory: Memory
    ) async throws {
        guard let item = stored[name], let key = ObjectKey(name), !objects.contains(name) else { return }
        if memory.whole.withLock({ $0[name] }) != item {
            let bytes = try await remote.bytes(of: item.key, maximum: 1 << 27)
            if let problem = try await wrong(bytes, key, remote) {
                problems.append("\(name) \(problem)")
                return
            }
            memory.whole.withLock { $0[name] = item }
        }
        objects.insert(name)
    }

    /// What is wrong with the bytes of an object, as the end of a sentence.
    private func wrong(_ bytes: [UInt8], _ key: ObjectKey, _ remote: any Remote) async throws -> String? {
        do {
            let context = try SHA256Context()
            if key.form == .recipe {
                for part in try JSON.decode(Recipe.self, from: bytes).parts {
                    guard let partKey = ObjectKey(part.key) else { return "names \(part.key)" }
                    try Self.feed(try await remote.bytes(of: partKey.remoteKey, maximum: 1 << 27), partKey, context)
                }
            } else {
                try Self.feed(bytes, key, context)
            }
            return try context.finish() == key.digest ? nil : "does not decode to the digest in its name"
        } catch {
            return "cannot be decoded: \(error)"
        }
    }

    private static func feed(_ bytes: [UInt8], _ key: ObjectKey, _ context: SHA256Context) throws {
        guard key.form != .content(.raw) else { return try context.update(bytes.span) }
        let decompressor = try ZstdDecompressor()
        try decompressor.decompress(bytes.span) { try context.update($0) }
        try decompressor.finish()
    }
}
