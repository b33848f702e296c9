/// Decoder for the text fields of a Game Start event, which are Shift-JIS in Microsoft's variant, CP932.
///
/// Text from a file is never an error: what does not decode becomes U+FFFD (slp-format.md §3).
enum ShiftJIS {
    /// Decodes `bytes` up to the first NUL and folds full-width forms to ASCII, as every reader does for search.
    ///
    /// Bytes behind the NUL are left over from longer names.
    static func foldedText(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes.prefix { $0 != 0 }
        while let lead = rest.popFirst() {
            text.append(folded(scalar(lead: lead, rest: &rest)))
        }
        return String(text)
    }

    private static func scalar(lead: UInt8, rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        switch lead {
        case 0x00..<0x80:
            return Unicode.Scalar(lead)
        case 0xA1...0xDF:
            return Unicode.Scalar(0xFF61 + UInt32(lead - 0xA1)) ?? replacement
        default:
            guard let trail = rest.first else { return replacement }
            let unit = pairs[Int(lead) << 8 | Int(trail)]
            // A bad pair costs its lead byte only: the second byte may be good text.
            guard unit != 0, let scalar = Unicode.Scalar(unit) else { return replacement }
            rest.removeFirst()
            return scalar
        }
    }

    /// Folds full-width forms in text that is Unicode already.
    static func folded(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        folded.append(contentsOf: text.unicodeScalars.map(folded(_:)))
        return String(folded)
    }

    /// slp-format.md §3, "Normalise for search".
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
        case 0x3000: " "
        case 0x2019: "'"
        case 0x201D: "\""
        default: scalar
        }
    }

    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    /// The character of every two-byte sequence (lead byte in the high half of the index), 0 where there is none.
    ///
    /// Filled once from the C library. A machine without its conversion tables (a bare container) still reads kana,
    /// full-width letters and the `#` of connect codes, which is all that the game's own keyboard can write.
    private static let pairs: [UInt16] = {
        var pairs = [UInt16](repeating: 0, count: 1 << 16)
        for run in plainRuns {
            for step in 0..<run.count where run.first & 0xFF + step != 0x7F {
                // Trail byte 0x7F is skipped by the encoding.
                let skipped: UInt16 = run.first & 0xFF < 0x7F && run.first & 0xFF + step > 0x7F ? 1 : 0
                pairs[Int(run.first + step)] = run.unit + step - skipped
            }
        }
        fillFromLibrary(&pairs)
        return pairs
    }()

    private static let plainRuns: [(first: UInt16, unit: UInt16, count: UInt16)] = [
        (0x8140, 0x3000, 1), (0x8141, 0x3001, 2), (0x8149, 0xFF01, 1), (0x815E, 0xFF0F, 1), (0x8160, 0xFF5E, 1),
        (0x8190, 0xFF04, 1), (0x8194, 0xFF03, 1), (0x8197, 0xFF20, 1), (0x824F, 0xFF10, 10), (0x8260, 0xFF21, 26),
        (0x8281, 0xFF41, 26), (0x829F, 0x3041, 83), (0x8340, 0x30A1, 87),
    ]

    /// Asks the C library for every pair at once: 11,280 short conversions, about a millisecond, and no state kept after.
    private static func fillFromLibrary(_ pairs: inout [UInt16]) {
        guard let converter = TextConverter(from: "CP932", to: "UTF-16BE") else { return }
        for lead in [0x81...0x9F, 0xE0...0xFC].joined() {
            for trail in 0x40...0xFC where trail != 0x7F {
                let unit = converter.convert([UInt8(lead), UInt8(trail)])
                guard unit.count == 2 else { continue }
                pairs[lead << 8 | trail] = UInt16(unit[0]) << 8 | UInt16(unit[1])
            }
        }
    }
}
