/// What kind of file a name says it is: files of one kind compress alike.
enum FileKind {
    /// Longer extensions are parts of names.
    private static let maximumByteCount = 16

    /// The extension of the last component in lower case, such as `slp`; empty when there is none.
    ///
    /// `path` is UTF-8. Letters beyond ASCII stay as they are.
    static func of(_ path: Span<UInt8>) -> String {
        var index = path.count
        while index > 0 && path.count - index <= maximumByteCount {
            index -= 1
            switch path[index] {
            case UInt8(ascii: "/"): return ""
            case UInt8(ascii: "."):
                // A name that begins with its only dot is hidden, not of a kind.
                guard index > 0, path[index - 1] != UInt8(ascii: "/") else { return "" }
                return text(path.extracting((index + 1)..<path.count))
            default: continue
            }
        }
        return ""
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var lowered: [UInt8] = []
        lowered.reserveCapacity(bytes.count)
        for index in bytes.indices {
            let byte = bytes[index]
            lowered.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte)
        }
        return String(decoding: lowered, as: UTF8.self)
    }
}
