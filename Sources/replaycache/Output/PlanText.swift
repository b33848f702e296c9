import ReplayCache

/// What a plan takes, in words.
enum PlanText {
    /// Bytes on the wire, requests, money and time of one direction: the lines below its headline.
    static func lines(_ plan: TransferPlan, _ prices: PriceSource?, verb: String) -> [String] {
        guard plan.objects > 0 || plan.bytesEncoded > 0 || plan.files > 0 else { return [] }
        var lines = [
            "  \(mark(plan))\(ByteCount(plan.bytesEncoded)) to \(verb), \(requests(plan)), \(time(plan))"
        ]
        lines.append("  \(money(plan, prices))")
        return lines
    }

    /// Where prices come from, and what they leave out.
    static func source(_ prices: PriceSource?) -> [String] {
        guard let prices, prices.provider != "directory" else { return [] }
        let note = prices.note.map { "; not reckoned in: \($0)" } ?? ""
        return ["prices: \(prices.title), \(prices.source) as of \(prices.asOf)\(note)"]
    }

    private static func mark(_ plan: TransferPlan) -> String { plan.isEstimated ? "~" : "" }

    static func requests(_ plan: TransferPlan) -> String {
        let total = plan.requests.total
        var text = "\(Decimals.grouped(total)) \(total == 1 ? "request" : "requests")"
        let classes = (plan.requestClasses ?? [:]).sorted { $0.key < $1.key }.filter { $0.key != "free" }
        if !classes.isEmpty {
            text += " (" + classes.map { "\(Decimals.grouped($0.value)) class \($0.key)" }.joined(separator: ", ") + ")"
        }
        return text
    }

    private static func time(_ plan: TransferPlan) -> String {
        guard let seconds = plan.seconds else { return "time unknown until something was transferred" }
        guard seconds > 0, let rate = plan.bytesPerSecond else { return "no time worth mentioning" }
        return "~\(ProgressText.duration(seconds.rounded(.up))) at \(ByteCount(Int64(rate)))/s as last measured"
    }

    private static func money(_ plan: TransferPlan, _ prices: PriceSource?) -> String {
        guard let dollars = plan.dollars else { return "no price is known for this server" }
        if prices?.provider == "directory" { return "free of charge" }
        let month = plan.dollarsPerMonth.map { ", then \(mark(plan))\(Self.dollars($0)) a month" } ?? ""
        return "\(mark(plan))\(Self.dollars(dollars)) once\(month)"
    }

    /// For example `$0`, `$0.0004`, `$1.30` or `$1,204`.
    static func dollars(_ value: Double) -> String {
        guard value > 0 else { return "$0" }
        if value < 0.000_1 { return "under $0.0001" }
        if value < 0.1 { return "$\(Decimals.format(value, places: 4))" }
        if value < 1000 { return "$\(Decimals.format(value, places: 2))" }
        return "$\(Decimals.grouped(Int(min(value, 1e15).rounded())))"
    }

    /// `cost`.
    static func lines(_ cost: CostReport) -> [String] {
        let files = "\(Decimals.grouped(cost.files)) \(cost.files == 1 ? "file" : "files")"
        let objects = "\(Decimals.grouped(cost.objects)) \(cost.objects == 1 ? "object" : "objects")"
        var lines = [
            "\(cost.place): \(files), \(objects) of \(ByteCount(cost.bytesRaw)) stored as \(ByteCount(cost.bytesStored))"
        ]
        guard let month = cost.dollarsPerMonth, let once = cost.fetch.dollars else {
            lines.append("  no price is known for this server")
            return lines
        }
        if cost.prices?.provider == "directory" {
            lines.append("  free of charge")
            return lines
        }
        let fetch = cost.fetch
        lines.append("  storing it: \(dollars(month)) a month")
        lines.append(
            "  fetching all of it once: \(mark(fetch))\(dollars(once)) for \(mark(fetch))\(ByteCount(fetch.bytesEncoded)) "
                + "and \(requests(fetch))"
        )
        return lines + source(cost.prices)
    }
}
