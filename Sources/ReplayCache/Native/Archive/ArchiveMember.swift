/// What an archive says of one of its members.
package struct ArchiveMember: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file
        case directory
        case symbolicLink
        /// Another name of a member before it.
        case hardLink(to: String)
        /// A device, a pipe, a socket.
        case other
    }

    /// The name as bytes: UTF-8 where the archive says in what it is written, else whatever it holds.
    ///
    /// Nil for one that cannot be converted.
    package let name: [UInt8]?
    package let kind: Kind
    /// Length in bytes, where it is told before the data; may be a lie.
    package let size: Int64?
    /// Modification time, nanoseconds since 1970 UTC, where there is one that fits.
    package let mtime: Int64?
    package let isEncrypted: Bool
}

/// Why an archive, or a member of one, cannot be read.
package struct ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The end of a sentence about the archive or member.
    package let description: String
    /// False when what follows the member can be read all the same.
    package let endsArchive: Bool

    package init(_ description: String, endsArchive: Bool) {
        self.description = description
        self.endsArchive = endsArchive
    }

    /// In the words of libarchive, unless there are clearer ones.
    init(code: Int32, message: String, endsArchive: Bool) {
        let text = message.lowercased()
        let reason =
            if text.contains("crc") || text.contains("checksum") {
                "is damaged: its checksum does not match"
            } else if ["truncated", "unexpected end", "no progress is possible"].contains(where: text.contains) {
                "is cut short"
            } else if text.contains("passphrase") || text.contains("encrypt") || text.contains("decrypt") {
                "is encrypted"
            } else if text.contains("unrecognized archive format") {
                "is no zip, 7z or tar archive"
            } else if message.isEmpty {
                "is damaged or cut short (error \(code))"
            } else {
                "cannot be unpacked: \(message)"
            }
        self.init(reason, endsArchive: endsArchive)
    }
}
