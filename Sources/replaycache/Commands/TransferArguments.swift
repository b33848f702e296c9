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
            """
            Bytes a second, for both directions or as up:down, such as 10M, 2M:20M or off:5M; k, M and G, also \
            written kB or MB/s, are powers of 1000, KiB, MiB and GiB of 1024.
            """,
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
        guard let first = rates.first, rates.count <= 2 else { throw Self.refusal(bwlimit) }
        return (first, rates.count == 2 ? rates[1] : first)
    }

    private static func refusal(_ text: some StringProtocol) -> ValidationError {
        let shown = DisplayText.quoted(String(text))
        return ValidationError("--bwlimit takes rates such as 10M, 500k, 5MB/s, 5MiB, 2M:20M or off:5M, not \(shown)")
    }

    /// Powers of ten, as networks count, unless it says otherwise; nil for `off`.
    private static func rate(_ text: Substring) throws -> Int64? {
        guard text != "off" else { return nil }
        var number = text.hasSuffix("/s") ? text.dropLast(2) : text
        let isBinary = number.hasSuffix("iB")
        // A small b would be bits.
        if number.hasSuffix("B") { number = number.dropLast(isBinary ? 2 : 1) }
        let base: Double = isBinary ? 1024 : 1000
        let units: [Character: Double] = ["k": base, "m": base * base, "g": base * base * base]
        let scale = number.last.flatMap { $0.lowercased().first }.flatMap { units[$0] }
        guard scale != nil || !isBinary, let value = Double(scale == nil ? number : number.dropLast()), value.isFinite
        else { throw refusal(text) }
        let rate = value * (scale ?? 1)
        guard rate >= 1000, rate < 1e12 else {
            throw ValidationError("--bwlimit takes rates from 1k to 1000G, not \(DisplayText.quoted(String(text)))")
        }
        return Int64(rate)
    }
}
