/// The list of code patches that files since 3.3.0 carry, in Message Splitter events (slp-format.md §2).
enum GeckoList {
    private static let chunkBytes = 512

    /// The list is nearly the same in all games of one release, so only the version decides what is in it.
    static func events(byteCount: Int, version: SlippiVersion) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(version.major) << 8 | UInt64(version.minor))
        var list: [UInt8] = []
        list.reserveCapacity(byteCount + 4)
        while list.count < byteCount {
            list += instruction(&random)
        }
        return stride(from: 0, to: byteCount, by: chunkBytes).flatMap { start in
            let chunk = list[start..<min(start + chunkBytes, byteCount)]
            var event = EventBytes(command: Command.messageSplitter, payloadSize: 516)
            event.set(0x1, Array(chunk), capacity: chunkBytes)
            event.set(0x201, UInt16(chunk.count))
            event.set(0x203, Command.geckoList)
            event.set(0x204, UInt8(start + chunkBytes >= byteCount ? 1 : 0))
            return event.bytes
        }
    }

    /// Something like a PowerPC instruction: a few opcodes and registers, small offsets.
    private static func instruction(_ random: inout SeededGenerator) -> [UInt8] {
        let opcodes: [UInt8] = [0x38, 0x3C, 0x48, 0x4B, 0x60, 0x7C, 0x80, 0x90]
        return [
            opcodes[random.below(8)], UInt8(random.below(32) << 3), random.below(4) == 0 ? UInt8(random.below(256)) : 0,
            UInt8(random.below(64) << 2),
        ]
    }
}
