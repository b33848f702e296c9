package import ReplayCache

extension Place {
    /// The path of a directory place; empty for a bucket.
    package var directory: String { localDirectory ?? "" }
}
