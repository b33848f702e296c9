/// What every reader asks of an operation (`docs/format.md`, "Merge"), and therefore every writer of its own.
extension Operation {
    /// Looks at all that can be told without the state that it is merged into.
    ///
    /// - Throws: `LogicalPathError` or ``SegmentError`` for an operation that breaks a rule.
    func check() throws {
        switch self {
        case .put(let put):
            _ = try LogicalPath(put.path)
            try Self.checkSize(put.size)
        case .del(let del): _ = try LogicalPath(del.path)
        case .obj(let object): try Self.check(object)
        case .ckpt(let checkpoint): try Self.check(checkpoint)
        case .dataset(let dataset): try dataset.check()
        case .unknown: break
        case .unreadable(_, let reason): throw SegmentError("cannot be read: \(reason)")
        }
    }

    private static func check(_ object: Obj) throws {
        guard let key = ObjectKey(object.key) else {
            throw SegmentError(
                "the object key \(DisplayText.quoted(object.key)) is not one, or needs a newer replaycache"
            )
        }
        guard key.digest == object.sha256 else {
            throw SegmentError("the object key \(object.key) does not fit its content")
        }
        try checkSize(object.size)
        try checkSize(object.encodedSize)
        // What a decoder may be made to write is bounded by this, not by what a segment claims.
        guard key.form == .recipe || object.size <= Recipe.threshold else {
            throw SegmentError(
                "object \(object.key) is said to hold \(object.size) bytes, more than is stored without parts"
            )
        }
    }

    private static func check(_ checkpoint: Checkpoint) throws {
        guard try LogicalPath(checkpoint.run).components.count == 1, !checkpoint.run.contains("@") else {
            throw SegmentError("\(DisplayText.quoted(checkpoint.run)) is not the name of a run")
        }
        guard !checkpoint.name.utf8.contains(0) else { throw SegmentError("the name of a checkpoint contains a NUL") }
        var sizes: [Digest: Int64] = [:]
        for file in checkpoint.files {
            _ = try LogicalPath(file.name)
            try checkSize(file.size)
            guard sizes.updateValue(file.size, forKey: file.sha256) ?? file.size == file.size else {
                throw SegmentError("content \(file.sha256.short) is said to have two sizes")
            }
        }
    }

    private static func checkSize(_ size: Int64) throws {
        guard (0...Recipe.maximumContentByteCount).contains(size) else {
            throw SegmentError("a size of \(size) bytes is implausible")
        }
    }
}
