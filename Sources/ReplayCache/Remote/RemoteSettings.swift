/// How requests to a remote are to go.
package struct RemoteSettings: Sendable {
    /// Requests in flight at once; nil to find out what brings the most through.
    package var jobs: Int?
    /// Bytes a second to the remote; nil for as many as there are.
    package var uploadBytesPerSecond: Int64?
    /// Bytes a second from the remote.
    package var downloadBytesPerSecond: Int64?
    /// Tries of one request; nil for as many as patience has.
    package var maximumAttempts: Int?
    /// Told what happens on the way.
    package var report: @Sendable (RemoteNotice) -> Void = { _ in }

    /// What stands between the engine and each remote that is opened: tests count, delay and fail requests there.
    package var wrap: @Sendable (any Remote) -> any Remote = { $0 }

    /// Nanoseconds by a clock that goes on while the machine sleeps.
    package var sinceBoot: @Sendable () -> Int64 = { Machine.sinceBoot() }

    package init() {}

    /// Whether transfers are slowed down on purpose.
    var isPaced: Bool { uploadBytesPerSecond != nil || downloadBytesPerSecond != nil }
}

/// What a remote tells while it works.
package enum RemoteNotice: Sendable, Equatable {
    /// A request failed, `waited` after it was first sent, and is sent again after a pause.
    case retrying(what: String, waited: Duration, after: Duration)
    /// The clock of this machine is off, and requests are signed for the server's time; a positive offset: it is behind.
    case clockCorrected(offset: Duration, host: String)
    /// The bucket is in another region than was configured.
    case regionFollowed(bucket: String, region: String)
}

/// Requests that had to be sent again.
package struct RetryCounts: Sendable, Equatable {
    /// How many tries beyond the first.
    package var requests = 0
    /// Bytes of bodies that went over the wire for nothing.
    package var bytes: Int64 = 0
}
