internal import FoundationEssentials

/// `replaycache.json`: what makes a place a repository (`docs/format.md`).
package struct Manifest: Codable, Sendable, Equatable {
    package static var key: RemoteKey { fixedKey("replaycache.json") }

    /// The repository format that this program reads and writes.
    static let currentFormat = 1
    /// More than any manifest of this format: what is larger is not one.
    static let maximumByteCount: Int64 = 64 << 10

    package let format: Int
    package let repository: String
    package let hash: String
    package let partSize: Int64
    package let encryption: String

    /// The manifest of a new repository.
    package init(repository: String) {
        format = Self.currentFormat
        self.repository = repository
        hash = "sha256"
        partSize = Recipe.partByteCount
        encryption = "none"
    }

    package func encoded() throws -> [UInt8] { try JSON.line(self) }

    /// Reads a manifest and refuses what this program could not read correctly, naming the version needed.
    package static func decode(_ bytes: [UInt8], at place: String) throws -> Manifest {
        struct Version: Decodable { let format: Int }
        guard let version = try? JSON.decode(Version.self, from: bytes) else {
            throw ReplayCacheError(
                .unsupportedFormat,
                "\(place) holds a replaycache.json that cannot be read",
                hint: "if it is not a repository of this program, name a sub-folder instead",
                subject: place
            )
        }
        guard version.format == currentFormat else {
            throw ReplayCacheError(
                .unsupportedFormat,
                "\(place) holds a repository of format \(version.format), and this program reads format \(currentFormat)",
                hint: "install a newer replaycache",
                subject: place
            )
        }
        let manifest: Manifest
        do {
            manifest = try JSON.decode(Manifest.self, from: bytes)
        } catch {
            throw ReplayCacheError(
                .unsupportedFormat,
                "the replaycache.json at \(place) lacks a field",
                subject: place,
                cause: "\(error)"
            )
        }
        guard manifest.hash == "sha256", manifest.encryption == "none", manifest.partSize == Recipe.partByteCount else {
            throw ReplayCacheError(
                .unsupportedFormat,
                "\(place) holds a repository with hash \(manifest.hash), parts of \(manifest.partSize) bytes and encryption "
                    + "\"\(manifest.encryption)\", which this program does not know",
                hint: "install a newer replaycache",
                subject: place
            )
        }
        return manifest
    }
}

/// A key spelled in this program's source.
func fixedKey(_ text: StaticString) -> RemoteKey {
    guard let key = RemoteKey("\(text)") else { preconditionFailure("\(text) is not a key") }
    return key
}
