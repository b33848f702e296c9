/// How a large file is put together from parts, which are objects of their own (`docs/format.md`, "Recipes").
package struct Recipe: Codable, Sendable, Equatable {
    /// A file longer than this is stored in parts.
    package static let threshold: Int64 = 32 << 20
    /// Length of every part but the last.
    package static let partByteCount: Int64 = 16 << 20
    /// Largest content that an entry, an object or a checkpoint may claim to have, 4 TiB: what the largest recipe can
    /// hold, and small enough that sums of sizes from outside do not overflow.
    static let maximumContentByteCount: Int64 = 1 << 42
    /// Largest recipe that is read: 4 TiB of content have 262,144 parts of at most 256 bytes each (about 190 are used).
    static let maximumByteCount: Int64 = 64 << 20

    package struct Part: Codable, Sendable, Equatable {
        package let sha256: Digest
        package let key: String
        package let encodedSize: Int64

        package init(sha256: Digest, key: String, encodedSize: Int64) {
            self.sha256 = sha256
            self.key = key
            self.encodedSize = encodedSize
        }
    }

    package let size: Int64
    package let partSize: Int64
    package let parts: [Part]

    package init(size: Int64, parts: [Part]) {
        self.size = size
        partSize = Self.partByteCount
        self.parts = parts
    }

    /// The bytes of the file that part `index` covers.
    package func range(of index: Int) -> Range<Int64> {
        let start = Int64(index) * partSize
        return start..<min(start + partSize, size)
    }

    /// How many parts a file of `size` bytes has.
    package static func partCount(forSize size: Int64) -> Int {
        Int(size / partByteCount) + (size % partByteCount > 0 ? 1 : 0)
    }

    /// Refuses a content that no recipe describes, before any of it is sent.
    package static func checkContentSize(_ size: Int64) throws(ContentTooLarge) {
        guard size <= maximumContentByteCount else { throw ContentTooLarge() }
    }

    package func encoded() throws -> [UInt8] {
        let bytes = try JSON.line(self)
        guard Int64(bytes.count) <= Self.maximumByteCount else { throw ContentTooLarge() }
        return bytes
    }

    /// Reads a recipe for a content of `size` bytes.
    ///
    /// Everything it says is checked against that before it is believed.
    package static func decode(_ bytes: [UInt8], size: Int64) throws -> Recipe {
        let recipe = try JSON.decode(Recipe.self, from: bytes)
        guard recipe.size == size, recipe.partSize == partByteCount, recipe.parts.count == partCount(forSize: size),
            recipe.parts.allSatisfy({ ObjectKey($0.key)?.digest == $0.sha256 })
        else { throw ReplayCacheError(.integrity, "the recipe does not describe a file of \(size) bytes") }
        return recipe
    }
}

/// A file that is longer than a repository can hold.
package struct ContentTooLarge: Error, Sendable, CustomStringConvertible {
    /// The end of a sentence.
    package let description = "is larger than 4 TiB, the most that a repository holds in one file"
}
