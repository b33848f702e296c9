/// Keys that a collector is about to remove: published, so that no commit names them any more (`docs/format.md`, "Garbage
/// collection").
package struct CondemnedList: Sendable, Equatable {
    /// Keys in one list at most: what is read as a whole has a bound.
    package static let maximumKeys = 50_000
    /// Largest list that is read; a full one has about 3 MB, and 6 MB decoded.
    static let maximumEncodedByteCount: Int64 = 16 << 20
    static let maximumByteCount = 32 << 20

    package let keys: [ObjectKey]

    package init(keys: [ObjectKey]) { self.keys = keys }

    private struct Form: Codable {
        let v: Int
        let keys: [String]
    }

    package func encoded() throws -> [UInt8] {
        let text = try JSON.line(Form(v: 1, keys: keys.map(\.remoteKey.string)))
        var frame: [UInt8] = []
        try ZstdCompressor(level: 9, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &frame)
        return frame
    }

    /// Reads a list.
    ///
    /// Whatever is not the key of an object is passed over: nobody may make a collector remove anything else.
    package static func decode(_ bytes: [UInt8]) throws -> CondemnedList {
        var text: [UInt8] = []
        let decompressor = try ZstdDecompressor()
        try decompressor.decompress(bytes.span) { piece in
            guard text.count + piece.count <= maximumByteCount else { throw SegmentError("is implausibly large") }
            for index in piece.indices { text.append(piece[index]) }
        }
        try decompressor.finish()
        let form: Form
        do {
            form = try JSON.decode(Form.self, from: text)
        } catch {
            throw SegmentError("is no such list: \(JSON.reason(error))")
        }
        guard form.v == 1 else { throw SegmentError("has version \(form.v), which this program does not know") }
        return CondemnedList(keys: form.keys.compactMap { ObjectKey($0) })
    }
}

/// The key of a list: `gc/<server time>-<id>.json.zst`.
package struct CondemnedListKey: Sendable, Hashable {
    package static let prefix = "gc/"
    private static let suffix = ".json.zst"

    /// By the clock of the place, when the list was made.
    package let time: Timestamp
    /// Sixteen hexadecimal digits, random.
    package let id: String

    package init(time: Timestamp, id: String) {
        self.time = time
        self.id = id
    }

    package var remoteKey: RemoteKey {
        guard let key = RemoteKey("\(Self.prefix)\(time.sortable)-\(id)\(Self.suffix)") else {
            preconditionFailure("the key of a list has only letters, digits, dots and dashes")
        }
        return key
    }

    /// Reads a key; nil for anything but what ``remoteKey`` writes.
    package init?(_ text: String) {
        guard let name = StampedName(text, prefix: Self.prefix, suffix: Self.suffix), name.fields.count == 1,
            StampedName.isHex(name.fields[0], count: 16)
        else { return nil }
        self.init(time: name.time, id: String(name.fields[0]))
        guard remoteKey.string == text else { return nil }
    }
}
