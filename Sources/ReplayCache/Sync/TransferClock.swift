/// Measures how fast bytes go to or from a place, from when it is made until it is asked.
struct TransferClock: Sendable {
    private let repository: Repository
    private let before: MeteredRemote.Meter
    private let started: ContinuousClock.Instant

    /// Fewer bytes, or less time, say more about the start of a transfer than about the line.
    private static let minimumBytes: Int64 = 8_000_000
    private static let minimumDuration = Duration.seconds(1)

    init(_ repository: Repository, now: ContinuousClock.Instant = .now) {
        self.repository = repository
        before = repository.remote.meter
        started = now
    }

    /// Remembers the rate, if what moved is enough to tell one: the next plan says how long it takes.
    ///
    /// A transfer that was slowed down on purpose tells none.
    func record(
        _ direction: TransferDirection,
        in context: SyncContext,
        now: ContinuousClock.Instant = .now
    ) async throws {
        let settings = context.remoteSettings
        let limit = direction == .up ? settings.uploadBytesPerSecond : settings.downloadBytesPerSecond
        guard limit == nil else { return }
        let meter = repository.remote.meter
        let bytes =
            direction == .up
            ? meter.bytesUploaded - before.bytesUploaded : meter.bytesDownloaded - before.bytesDownloaded
        let elapsed = now - started
        guard bytes >= Self.minimumBytes, elapsed >= Self.minimumDuration else { return }
        let rate = Double(bytes) / elapsed.seconds
        try await context.catalog.noteRate(rate, direction, place: repository.store.record.id)
    }
}
