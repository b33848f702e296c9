package import ReplayGenerator

/// Contents for files.
package enum SampleBytes {
    /// Bytes that no compressor shrinks; the same for the same seed.
    package static func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word = random.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Large content that is quick to make: every mebibyte is another one, and its bytes repeat with a period of 251.
    package static func large(_ count: Int, seed: UInt8 = 0) -> [UInt8] {
        var pattern: [UInt8] = []
        for index in 0..<251 { pattern.append(UInt8(truncatingIfNeeded: index) ^ seed) }
        var mebibyte: [UInt8] = []
        while mebibyte.count < 1 << 20 { mebibyte += pattern }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + mebibyte.count)
        var number: UInt8 = 0
        while bytes.count < count {
            mebibyte[0] = number
            mebibyte[1] = seed
            number &+= 1
            bytes += mebibyte.prefix(1 << 20)
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// A short replay in which `character` plays on port 1.
    package static func replay(character: Int = 2, seed: UInt64 = 1, damage: ReplaySpec.Damage = .none) -> [UInt8] {
        var replay = ReplaySpec(
            players: [.init(port: 1, character: character), .init(port: 2, character: 20)],
            frames: 200,
            seed: seed
        )
        replay.damage = damage
        return replay.bytes()
    }
}
