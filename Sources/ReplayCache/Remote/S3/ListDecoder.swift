/// Reads pages of `ListObjectsV2` and `ListObjectVersions`.
struct ListPage: Sendable {
    /// One key of a page.
    struct Item: Sendable, Equatable {
        let key: String
        let byteCount: Int64
        let modified: Timestamp
        /// Only in listings of versions.
        let version: String?
        /// As the server tells it, with its quotes.
        var etag: String?
    }

    var items: [Item] = []
    var isTruncated = false
    /// Where the next page of `ListObjectsV2` begins; opaque.
    var continuationToken: String?
    /// Where the next page of `ListObjectVersions` begins.
    var nextKeyMarker: String?
    var nextVersionMarker: String?
    /// Whether keys come percent-encoded, as it was asked for.
    private var isEncoded = false

    /// - Throws: ``XMLError`` for what is no such page.
    init(_ body: [UInt8]) throws {
        let decoder = Decoder()
        try XMLReader.read(body) { try decoder.take($0) }
        guard decoder.isList else { throw XMLError("the answer is no listing") }
        self = decoder.page
        if isEncoded { items = items.map(\.decoded) }
    }

    private init() {}

    private final class Decoder {
        var page = ListPage()
        var isList = false
        private var path: [String] = []
        private var fields: [String: String] = [:]

        func take(_ event: XMLReader.Event) throws {
            switch event {
            case .start(let name):
                if path.isEmpty { isList = name == "ListBucketResult" || name == "ListVersionsResult" }
                path.append(name)
                if path.count == 2 { fields.removeAll(keepingCapacity: true) }
            case .end(let name, let text):
                path.removeLast()
                switch path.count {
                case 1: try finish(name, text)
                case 2: fields[name] = text
                default: break
                }
            }
        }

        private func finish(_ name: String, _ text: String) throws {
            switch name {
            case "Contents", "Version", "DeleteMarker": page.items.append(try item(name))
            case "EncodingType": page.isEncoded = text == "url"
            case "IsTruncated": page.isTruncated = text == "true"
            case "NextContinuationToken": page.continuationToken = text
            case "NextKeyMarker": page.nextKeyMarker = text
            case "NextVersionIdMarker": page.nextVersionMarker = text
            default: break
            }
        }

        private func item(_ name: String) throws -> Item {
            guard let key = fields["Key"], let modified = fields["LastModified"].flatMap({ Timestamp(utc: $0) }) else {
                throw XMLError("an item of the listing lacks its key or its time")
            }
            let size = name == "DeleteMarker" ? 0 : fields["Size"].flatMap { Int64($0) } ?? -1
            guard size >= 0 else { throw XMLError("an item of the listing lacks its size") }
            return Item(
                key: key,
                byteCount: size,
                modified: modified,
                version: fields["VersionId"],
                etag: fields["ETag"]
            )
        }
    }
}

extension ListPage.Item {
    /// The item of a page that was asked for with `encoding-type=url`.
    fileprivate var decoded: Self {
        Self(
            key: PercentEncoding.decodedForm(key),
            byteCount: byteCount,
            modified: modified,
            version: version,
            etag: etag
        )
    }
}

/// What a bulk delete could not remove.
struct DeleteResult: Sendable {
    struct Refusal: Sendable, Equatable {
        let key: String
        let code: String
        let message: String?
    }

    private(set) var refusals: [Refusal] = []

    /// - Throws: ``XMLError`` for what is no such answer.
    init(_ body: [UInt8]) throws {
        final class Fields {
            var depth = 0
            var root = ""
            var values: [String: String] = [:]
            var refusals: [Refusal] = []
        }
        let fields = Fields()
        try XMLReader.read(body) { event in
            switch event {
            case .start(let name):
                if fields.depth == 0 { fields.root = name }
                if fields.depth == 1 { fields.values = [:] }
                fields.depth += 1
            case .end(let name, let text):
                fields.depth -= 1
                if fields.depth == 2 { fields.values[name] = text }
                if fields.depth == 1, name == "Error" {
                    fields.refusals.append(
                        Refusal(
                            key: fields.values["Key"] ?? "",
                            code: fields.values["Code"] ?? "",
                            message: fields.values["Message"]
                        )
                    )
                }
            }
        }
        guard fields.root == "DeleteResult" else { throw XMLError("the answer tells nothing of what was deleted") }
        refusals = fields.refusals
    }
}
