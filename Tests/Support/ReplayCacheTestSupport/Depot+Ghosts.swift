package import ReplayCache

extension Depot {
    /// Makes an old repository: contents that paths held forty days ago and that were deleted five days later, so that a
    /// collector may condemn them, and contents that are shown to this day.
    ///
    /// Answers the keys of those that were deleted.
    package func plantOldRepository(ghosts: [[UInt8]], living: [[UInt8]]) throws -> [ObjectKey] {
        try plantManifest()
        let day = 24
        func publish(_ bytes: [UInt8], _ path: String) throws -> (key: ObjectKey, operations: [ReplayCache.Operation]) {
            let key = try plantObject(bytes, hoursAgo: 40 * day)
            let size = Int64(bytes.count)
            let object = Operation.Obj(
                sha256: key.digest,
                size: size,
                key: key.remoteKey.string,
                encodedSize: size
            )
            let put = Operation.Put(path: path, sha256: key.digest, was: nil, size: size, mtime: 0)
            return (key, [.obj(object), .put(put)])
        }
        let gone = try ghosts.enumerated().map { try publish($0.element, "replays/old/ghost-\($0.offset).slp") }
        let kept = try living.enumerated().map { try publish($0.element, "replays/old/living-\($0.offset).slp") }
        try plantSegment((gone + kept).flatMap(\.operations), hoursAgo: 40 * day)
        try plantSegment(
            gone.enumerated().map {
                .del(.init(path: "replays/old/ghost-\($0.offset).slp", was: $0.element.key.digest))
            },
            hoursAgo: 35 * day
        )
        return gone.map(\.key)
    }
}
