/// The text that a dataset is: a line for each file, in the form that `sha256sum` prints and checks (`docs/format.md`,
/// "Datasets").
enum DatasetList {
    /// The line of a file, with its end.
    ///
    /// GNU coreutils mark a line in which a backslash, a newline or a carriage return of the name is escaped.
    static func line(_ digest: Digest, _ path: String) -> [UInt8] {
        var name: [UInt8] = []
        var isEscaped = false
        for byte in path.utf8 {
            if let letter = letter(for: byte) {
                name += [backslash, letter]
                isEscaped = true
            } else {
                name.append(byte)
            }
        }
        return (isEscaped ? [backslash] : []) + Array(digest.hex.utf8) + Array("  ".utf8) + name + [newline]
    }

    private static let backslash = UInt8(ascii: "\\")
    private static let newline = UInt8(ascii: "\n")

    private static func letter(for byte: UInt8) -> UInt8? {
        switch byte {
        case backslash: backslash
        case newline: UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        default: nil
        }
    }

    /// Reads one line, without its end.
    ///
    /// - Throws: ``SegmentError`` for what ``line(_:_:)`` does not write.
    static func parse(_ line: ArraySlice<UInt8>) throws -> (digest: Digest, path: LogicalPath) {
        let isEscaped = line.first == backslash
        let line = isEscaped ? line.dropFirst() : line
        guard line.count > 66, let hex = String(validating: line.prefix(64), as: UTF8.self),
            let digest = Digest(hex: hex), line.dropFirst(64).prefix(2).elementsEqual("  ".utf8)
        else { throw SegmentError("has a line that is none of a list of digests") }
        let name = isEscaped ? try unescaped(line.dropFirst(66)) : Array(line.dropFirst(66))
        guard let text = String(validating: name, as: UTF8.self) else {
            throw SegmentError("has a name that is not UTF-8")
        }
        // One way to write a name, so that equal lists have equal digests.
        guard isEscaped == name.contains(where: { letter(for: $0) != nil }) else {
            throw SegmentError("has a name that is not escaped as it should be")
        }
        do {
            return (digest, try LogicalPath(text))
        } catch {
            throw SegmentError("names a \(error)")
        }
    }

    private static func unescaped(_ name: ArraySlice<UInt8>) throws -> [UInt8] {
        var result: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            guard byte == backslash else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case backslash: result.append(backslash)
            case UInt8(ascii: "n"): result.append(newline)
            case UInt8(ascii: "r"): result.append(UInt8(ascii: "\r"))
            default: throw SegmentError("has a name that is not escaped as it should be")
            }
        }
        return result
    }

    /// Calls `body` with each line of a list, which must be the one that `dataset` names: its digest, its length, as many
    /// lines, in the order of their paths.
    ///
    /// Blocks, in one pass of 1 MiB reads. Whether the bytes are right is known only at the end.
    ///
    /// - Throws: ``SegmentError`` for another text, with the end of a sentence.
    static func read(
        _ source: some ByteSource,
        of dataset: DatasetRow,
        _ body: (Digest, LogicalPath) throws -> Void
    ) throws {
        let hash = try SHA256Context()
        var pending: [UInt8] = []
        var last: LogicalPath?
        var count = 0
        func take(_ line: ArraySlice<UInt8>) throws {
            let (digest, path) = try parse(line)
            if let last, last >= path { throw SegmentError("is not sorted by its paths") }
            last = path
            count += 1
            guard count <= dataset.files else { throw SegmentError("has more lines than was said") }
            try body(digest, path)
        }
        try BufferPool.reading.withBuffer { buffer in
            var offset: Int64 = 0
            while true {
                try Task.checkCancellation()
                let found = try source.read(at: offset, into: &buffer)
                try hash.update(buffer.span.extracting(0..<found))
                offset += Int64(found)
                guard offset <= dataset.listSize else { throw SegmentError("is longer than was said") }
                var rest = buffer[0..<found]
                while let end = rest.firstIndex(of: newline) {
                    if pending.isEmpty {
                        try take(rest[..<end])
                    } else {
                        try take((pending + rest[..<end])[...])
                        pending.removeAll(keepingCapacity: true)
                    }
                    rest = rest[(end + 1)...]
                }
                pending += rest
                guard pending.count < Operation.Dataset.maximumLineByteCount else {
                    throw SegmentError("has a line that is too long")
                }
                if found < buffer.count { break }
            }
        }
        guard try hash.finish() == dataset.sha256 else { throw SegmentError("does not match its digest") }
        guard pending.isEmpty, count == dataset.files else { throw SegmentError("has fewer lines than was said") }
    }
}
