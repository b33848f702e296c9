/// What one direction would move, and what that takes (`status`, `--dry-run`).
///
/// Sizes are in bytes, money is in US dollars.
public struct TransferPlan: Sendable, Encodable, Equatable {
    /// Files that would be published, or placed or replaced.
    public var files = 0
    /// Objects that would be sent or received; a large file is many.
    public var objects = 0
    /// Their content, before encoding.
    public var bytesRaw: Int64 = 0
    /// What would go over the wire for them.
    public var bytesEncoded: Int64 = 0
    /// True when `bytesEncoded`, and what follows from it, is an estimate, by how well such files compressed before.
    public var isEstimated = false
    /// Contents that need not move because they are on this machine, or at the place, already.
    public var objectsReused = 0
    /// Requests that the command would make, by verb; those of a dry run or of `status` itself are not among them.
    public var requests = RequestCounts()
    /// The same by what the provider charges for; nil where that is not known.
    public var requestClasses: [String: Int]?
    /// What the run costs once: requests, and bytes that leave the provider; nil where no price is known.
    public var dollars: Double?
    /// What is stored on top costs this each month; nil where no price is known, and for a fetch.
    public var dollarsPerMonth: Double?
    /// How fast bytes moved in this direction the last time that there were enough of them; nil when never.
    public var bytesPerSecond: Double?
    /// Time at that rate; nil when it is not known.
    public var seconds: Double?

    /// Nothing.
    public init() {}
}

/// Where prices come from.
public struct PriceSource: Sendable, Encodable, Equatable {
    /// The name of a provider, or `directory`.
    public var provider: String
    /// For people.
    public var title: String
    /// The page.
    public var source: String
    /// When it was read.
    public var asOf: String
    /// What else to know.
    public var note: String?
}

/// What a push and a fetch would move (`status`), or one of them (`--dry-run`).
public struct StatusPlan: Sendable, Equatable {
    /// The way to the place; nil in the dry run of a fetch.
    public var push: TransferPlan?
    /// The way from the place; nil in the dry run of a push.
    public var fetch: TransferPlan?
    /// Where the prices come from; nil where none is known.
    public var prices: PriceSource?
}

extension StatusPlan {
    /// Files that a push would publish.
    public var pushFiles: Int { push?.files ?? 0 }
    /// Objects that a push would send.
    public var pushObjects: Int { push?.objects ?? 0 }
    /// Files that a fetch would place or replace.
    public var fetchFiles: Int { fetch?.files ?? 0 }
    /// Objects that a fetch would receive.
    public var fetchObjects: Int { fetch?.objects ?? 0 }
}

extension StatusPlan: Encodable {
    private enum Key: String, CodingKey {
        case push, fetch, prices
        case pushFiles, pushObjects, pushBytesRaw, fetchFiles, fetchObjects, fetchBytesRaw, fetchBytesEncoded
    }

    /// Writes the directions, and their main figures once more beside them, where earlier versions had them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(prices, forKey: .prices)
        if let push {
            try container.encode(push, forKey: .push)
            try container.encode(push.files, forKey: .pushFiles)
            try container.encode(push.objects, forKey: .pushObjects)
            try container.encode(push.bytesRaw, forKey: .pushBytesRaw)
        }
        if let fetch {
            try container.encode(fetch, forKey: .fetch)
            try container.encode(fetch.files, forKey: .fetchFiles)
            try container.encode(fetch.objects, forKey: .fetchObjects)
            try container.encode(fetch.bytesRaw, forKey: .fetchBytesRaw)
            try container.encode(fetch.bytesEncoded, forKey: .fetchBytesEncoded)
        }
    }
}
