/// When a log is compacted, and how long what a base drops is kept (`design.md` section 3).
///
/// Times in milliseconds of the place's clock.
package struct CompactionLimits: Sendable {
    /// Segments that no base covers.
    package var segments = 256
    /// The log may grow to the size of the newest base divided by this.
    package var fraction: Int64 = 4
    /// Bytes of log that are never worth a base.
    package var leastByteCount: Int64 = 16 << 20
    /// How long covered segments and bases that have a successor stay, so that whoever is reading them can end.
    package var pruningAge: Int64 = 24 * 3_600_000
    /// How long a version stays restorable after another took its place.
    package var historyAge: Int64 = 30 * 24 * 3_600_000
    /// How long a deleted path is remembered as deleted.
    package var tombstoneAge: Int64 = 90 * 24 * 3_600_000

    package init() {}
}
