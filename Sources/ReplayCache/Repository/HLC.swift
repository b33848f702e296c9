/// A hybrid logical clock reading: orders the commits of a repository (`design.md` section 3).
///
/// The place's own time in milliseconds, moved up by one where that is needed to come after everything seen there. The
/// clocks of clients order nothing.
package struct HLC: Sendable, Hashable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The reading for a commit at `serverTime` after `last` was seen.
    package static func next(after last: HLC?, serverTime: Timestamp) -> HLC {
        HLC(milliseconds: max(serverTime.milliseconds, (last?.milliseconds ?? .min) &+ 1))
    }

    /// Fixed width, sorts as text.
    package var text: String { Timestamp(milliseconds: milliseconds).sortable }

    package init?(text: some StringProtocol) {
        guard let moment = Timestamp(sortable: text) else { return nil }
        milliseconds = moment.milliseconds
    }

    package static func < (left: HLC, right: HLC) -> Bool { left.milliseconds < right.milliseconds }
}

/// Where in the history of a repository an operation stands: the total order by which the last writer wins.
package struct Stamp: Sendable, Hashable, Comparable {
    package let hlc: HLC
    /// The key of the segment: after the time it tells writers with the same clock reading apart, and then everything that
    /// has a name of its own.
    package let segment: String
    package let line: Int

    package init(hlc: HLC, segment: String, line: Int) {
        self.hlc = hlc
        self.segment = segment
        self.line = line
    }

    package static func < (left: Stamp, right: Stamp) -> Bool {
        (left.hlc, left.segment, left.line) < (right.hlc, right.segment, right.line)
    }
}
