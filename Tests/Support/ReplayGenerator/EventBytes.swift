/// One event being filled in.
///
/// Fields are set by their offset from the command byte, as slp-format.md lists them. A field that the version's payload
/// has no room for is left out: that is what a version is.
struct EventBytes: Sendable {
    private(set) var bytes: [UInt8]

    init(command: UInt8, payloadSize: Int) {
        bytes = [UInt8](repeating: 0, count: payloadSize + 1)
        bytes[0] = command
    }

    @inline(__always)
    mutating func set(_ offset: Int, _ value: UInt8) {
        guard offset < bytes.count else { return }
        bytes[offset] = value
    }

    @inline(__always)
    mutating func set(_ offset: Int, _ value: UInt16) {
        guard offset + 2 <= bytes.count else { return }
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
    }

    @inline(__always)
    mutating func set(_ offset: Int, _ value: UInt32) {
        guard offset + 4 <= bytes.count else { return }
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 24)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 16)
        bytes[offset + 2] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 3] = UInt8(truncatingIfNeeded: value)
    }

    @inline(__always)
    mutating func set(_ offset: Int, _ value: Int32) {
        set(offset, UInt32(bitPattern: value))
    }

    @inline(__always)
    mutating func set(_ offset: Int, _ value: Float) {
        set(offset, value.bitPattern)
    }

    /// Copies `text` into a field of `capacity` bytes; what does not fit is cut off.
    mutating func set(_ offset: Int, _ text: [UInt8], capacity: Int) {
        guard offset + capacity <= bytes.count else { return }
        for (index, byte) in text.prefix(capacity).enumerated() {
            bytes[offset + index] = byte
        }
    }
}
