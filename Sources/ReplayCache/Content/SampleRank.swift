/// The place of a content in the draw that a seed makes: as good as random, and the same on every machine.
enum SampleRank {
    /// Part of the language of selections: never to change, or samples drawn before cannot be drawn again.
    ///
    /// `word` is the first eight bytes of the digest, the highest first. The mixing is the finaliser of SplitMix64
    /// (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
    static func of(leading word: UInt64, seed: UInt64) -> Int64 {
        Int64(bitPattern: mixed(word ^ mixed(seed &+ 0x9E37_79B9_7F4A_7C15)))
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
