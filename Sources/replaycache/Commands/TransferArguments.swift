import ArgumentParser
import ReplayCache

/// How much of the network a command may use.
struct TransferArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("Requests in flight at once; by default as many as bring more through.", valueName: "n")
    )
    var jobs: Int?

    @Option(
        help: ArgumentHelp(
            "Bytes a second, for both directions or as up:down, such as 10M, 2M:20M or off:5M.",
            valueName: "rate"
        )
    )
    var bwlimit: String?

    func validate() throws {
        if let jobs, !(1...1000).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1000") }
        _ = try rates()
    }

    func options() throws -> TransferOptions {
        var options = TransferOptions()
        options.jobs = jobs
        let (up, down) = try rates()
        options.uploadBytesPerSecond = up
        options.downloadBytesPerSecond = down
        return options
    }

    private func rates() throws -> (up: Int64?, down: Int64?) {
        guard let bwlimit else { return (nil, nil) }
        let rates = try bwlimit.split(separator: ":", omittingEmptySubsequences: false).map(Self.rate)
        guard let first = rates.first, rates.count <= 2 else { throw Self.refusal }
        return (first, rates.count == 2 ? rates[1] : first)
    }

    private static let refusal = ValidationError("--bwlimit takes rates such as 10M, 2M:20M or off:5M")

    /// Powers of ten, as networks count; nil for `off`.
    private static func rate(_ text: Substring) throws -> Int64? {
        guard text != "off" else { return nil }
        let units: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9]
        let scale = text.last.flatMap { units[$0] }
        guard let value = Double(scale == nil ? text : text.dropLast()), value.isFinite else { throw refusal }
        let rate = value * (scale ?? 1)
        guard rate >= 1000, rate < 1e12 else { throw ValidationError("--bwlimit takes rates from 1k to 1000G") }
        return Int64(rate)
    }
}
