import ReplayCache

/// How fast something goes, over the last seconds rather than since it began: a transfer that stalls shows it.
struct RateWindow: Sendable {
    private struct Sample: Sendable {
        let time: Duration
        let bytes: Int64
    }

    private let length: Duration
    private var samples: [Sample] = []
    private var phase: Int?

    /// Looks back this far.
    init(length: Duration) { self.length = length }

    /// Notes how much is done at a time since anything; another phase begins anew.
    mutating func note(_ bytes: Int64, at time: Duration, phase: Int) {
        if phase != self.phase {
            self.phase = phase
            samples.removeAll(keepingCapacity: true)
        }
        samples.append(Sample(time: time, bytes: bytes))
        // The last sample before the window stays, so that the window is full.
        while samples.count > 2, samples[1].time <= time - length { samples.removeFirst() }
    }

    /// Bytes a second; nil until there are two samples.
    var bytesPerSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.time > first.time else { return nil }
        return Double(last.bytes - first.bytes) / (last.time - first.time).seconds
    }
}
