/// Text as the game stores it.
enum GameText {
    /// Shift-JIS for what players use: ASCII, kana, and `#`, which connect codes hold as 81 94 (slp-format.md §3).
    ///
    /// With `fullWidth`, letters are stored as name tags have them.
    static func shiftJIS(_ text: String, fullWidth: Bool = false) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar -> [UInt8] in
            switch scalar {
            case "#": [0x81, 0x94]
            case "0"..."9" where fullWidth: [0x82, UInt8(0x4F + scalar.value - 0x30)]
            case "A"..."Z" where fullWidth: [0x82, UInt8(0x60 + scalar.value - 0x41)]
            case "a"..."z" where fullWidth: [0x82, UInt8(0x81 + scalar.value - 0x61)]
            case "\u{3041}"..."\u{3093}": [0x82, UInt8(0x9F + scalar.value - 0x3041)]
            // The encoding leaves out trail byte 7F.
            case "\u{30A1}"..."\u{30F6}":
                [0x83, UInt8(0x40 + scalar.value - 0x30A1 + (scalar.value >= 0x30E0 ? 1 : 0))]
            default: scalar.isASCII ? [UInt8(ascii: scalar)] : [UInt8(ascii: "?")]
            }
        }
    }
}
