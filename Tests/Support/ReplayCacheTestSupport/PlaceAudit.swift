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
    /// The key of the object of each content that a path or a checkpoint shows.
    package private(set) var needed: [Digest: String] = [:]
    /// Keys that collectors have condemned.
    package private(set) var condemned: Set<String> = []

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
        var log = AuditedLog()
        if let base = items.filter({ BaseKey($0.key.string) != nil }).max(by: { $0.key < $1.key }) {
            do { try log.add(base: try await remote.bytes(of: base.key, maximum: 1 << 28)) } catch {
                problems.append("\(base.key) \(error)")
            }
        }
        for item in items {
            let name = item.key.string
            if ObjectKey(name) != nil {
                stored[name] = item
            } else if let key = SegmentKey(name) {
                do {
                    let bytes = try await remote.bytes(of: item.key, maximum: 1 << 26)
                    log.add(try Segment.decode(bytes, key: key), key)
                } catch {
                    problems.append("\(name) \(error)")
                }
            } else if name.hasPrefix("gc/") {
                do {
                    let list = try CondemnedList.decode(try await remote.bytes(of: item.key, maximum: 1 << 26))
                    condemned.formUnion(list.keys.map(\.remoteKey.string))
                } catch {
                    problems.append("\(name) \(error)")
                }
            } else if name != "replaycache.json", BaseKey(name) == nil {
                problems.append("\(name) is nothing that belongs there")
            }
        }
        let state = log.merged()
        entries = state.entries
        for digest in state.needed { needed[digest] = state.keys[digest] }
        if !onlyCommitted {
            for name in stored.keys.sorted() { try await check(name, stored, remote, memory) }
        }
        // Where collectors are at work, only what is needed has to be there.
        for (digest, name) in condemned.isEmpty ? state.keys : needed where onlyCommitted || stored[name] == nil {
            guard stored[name] != nil else {
                problems.append("\(name) of \(digest.short) is missing")
                continue
            }
            try await check(name, stored, remote, memory)
        }
        for (path, digest) in entries where needed[digest] == nil { problems.append("\(path) has no object") }
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
