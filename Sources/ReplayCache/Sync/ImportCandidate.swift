/// What a source of an import has next.
enum ImportItem: Sendable {
    /// A file.
    case file(ImportCandidate)
    /// Something that is not imported, and why as the end of a sentence about it.
    ///
    /// With `isDamage`, because bytes are not what they should be.
    case refused(name: String, reason: String, isDamage: Bool)
    /// Something that nobody wants to hear of: litter, or left out by a pattern.
    case passedOver
}

/// A file that an import may take.
struct ImportCandidate: Sendable {
    /// How the source calls it, for people.
    let name: String
    /// Where it goes in the repository.
    let path: LogicalPath
    /// Modification time, nanoseconds since 1970 UTC.
    let mtime: Int64
    var content: Content
    /// Whether somebody may be writing to it.
    var isLive = false
    /// Whether its name comes from an archive, and so perhaps from where names are compared in another way.
    var isForeign = false

    /// Gives back the memory that it takes; may be called again.
    func giveBack() {
        if case .read(let content) = content { content.lease?.giveBack() }
    }

    enum Content: Sendable {
        /// Read already, in the order of the source.
        case read(SpooledContent)
        /// To be read by a task of its own, several at once.
        case unread(@Sendable () async throws -> SpooledContent)
        /// The same, of an object in a bucket.
        case inBucket(BucketObject)
    }
}

/// Something of a source that cannot be had; the rest can.
struct ImportRefusal: Error, Sendable {
    /// The end of a sentence about it.
    let reason: String
    /// Because bytes are not what they should be.
    var isDamage = false
}
