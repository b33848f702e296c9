/// What a provider charges, in US dollars, and where that was read: a row of `schema/prices.json`.
package struct Prices: Sendable, Equatable, Decodable {
    /// The name of a ``Provider``, or `directory`.
    package let provider: String
    /// For people: `Backblaze B2`.
    package let title: String
    /// The page.
    package let source: String
    /// When the page was read: a date, or as much of one as is known.
    package let asOf: String
    package let dollarsPerGBMonth: Double
    package let dollarsPerGBOut: Double
    /// As many times what is stored may leave free of charge each month; nil where that is no rule.
    package let freeOutTimesStored: Double?
    /// The class of a request by its verb; `free` for no charge.
    package let requestClasses: [String: String]
    /// The price of a million requests by class; classes that are not here cost nothing.
    package let dollarsPerMillion: [String: Double]
    /// What else to know.
    package let note: String?

    private struct Table: Decodable {
        let providers: [Prices]
    }

    /// All rows.
    package static func all() throws -> [Prices] {
        try JSON.decode(Table.self, from: PackageResources.prices_json).providers
    }

    /// The row of a place; nil where no price is known, as of any server that speaks S3.
    package static func of(_ place: Place) throws -> Prices? {
        guard let name = try place.priceName() else { return nil }
        return try all().first { $0.provider == name }
    }

    /// Requests by class.
    package func classes(of requests: RequestCounts) -> [String: Int] {
        var result: [String: Int] = [:]
        for (verb, count) in requests.byVerb where count > 0 {
            result[requestClasses[verb] ?? "free", default: 0] += count
        }
        return result
    }

    /// What requests cost.
    package func dollars(for requests: RequestCounts) -> Double {
        classes(of: requests).reduce(0) { $0 + Double($1.value) * (dollarsPerMillion[$1.key] ?? 0) / 1e6 }
    }

    /// What bytes cost that leave once, of `stored` bytes.
    package func dollars(forOutgoing bytes: Int64, stored: Int64) -> Double {
        let free = (freeOutTimesStored ?? 0) * Double(stored)
        return max(0, Double(bytes) - free) / 1e9 * dollarsPerGBOut
    }

    /// What stored bytes cost a month.
    package func dollarsPerMonth(stored bytes: Int64) -> Double { Double(bytes) / 1e9 * dollarsPerGBMonth }
}

extension RequestCounts {
    /// The verbs as they are in JSON, and how many of each.
    var byVerb: [(verb: String, count: Int)] {
        [("put", put), ("get", get), ("head", head), ("list", list), ("delete", delete)]
    }

    static func + (left: RequestCounts, right: RequestCounts) -> RequestCounts {
        RequestCounts(
            put: left.put + right.put,
            get: left.get + right.get,
            head: left.head + right.head,
            list: left.list + right.list,
            delete: left.delete + right.delete
        )
    }
}

extension Prices {
    /// What plans say of the row.
    package var named: PriceSource {
        PriceSource(provider: provider, title: title, source: source, asOf: asOf, note: note)
    }
}
