/// A size in bytes, printed the way people read sizes (powers of ten, as disks and providers count).
public struct ByteCount: Sendable, Hashable, Comparable {
    /// The number of bytes.
    public var bytes: Int64

    /// Takes a number of bytes.
    public init(_ bytes: Int64) { self.bytes = bytes }

    /// Orders by size.
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

extension ByteCount: CustomStringConvertible {
    /// For example `512 B`, `41.9 MB` or `2.20 TB`.
    public var description: String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(bytes)
        var unit = 0
        while abs(value) >= 999.5 && unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        guard unit > 0 else { return "\(bytes) B" }
        return "\(Decimals.format(value, places: abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0)) \(units[unit])"
    }
}
