/// A small seeded generator (SplitMix64): the same seed gives the same replay on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose numbers depend on nothing but `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Whether something of the given probability happens.
    mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }

    /// A number in `0..<bound`, fast and as good as even for a small bound.
    @inline(__always)
    mutating func below(_ bound: UInt32) -> Int {
        Int(((next() >> 32) &* UInt64(bound)) >> 32)
    }
}

/// The game's own random numbers, whose seed replays record.
struct MeleeRandom: Sendable {
    private(set) var seed: UInt32

    init(seed: UInt32) {
        self.seed = seed
    }

    mutating func advance(by steps: Int) {
        for _ in 0..<steps {
            seed = seed &* 0x343FD &+ 0x26_9EC3
        }
    }

    /// Online, each frame's seed is the last one plus a constant.
    mutating func advanceOnline() {
        seed &+= 0x1_0000
    }
}
