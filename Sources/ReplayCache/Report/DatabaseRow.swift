/// One database of this machine as `catalog` prints it (`schema/database.schema.json`).
public struct DatabaseRow: Sendable, Equatable, Encodable {
    /// Version of this form.
    public private(set) var v = 1
    /// Always `database`.
    public private(set) var event = "database"
    /// `catalog` for the files of this machine, `remote` for the state of one remote.
    public var kind: String
    /// The name that it has in `replaycache sql`, and in the lines of ``sqlite``.
    public var name: String
    /// The remote; nil for the catalog.
    public var remote: String?
    /// The file.
    public var path: String
    /// A URI that opens it read-only (sqlite.org/uri.html).
    public var uri: String
    /// The statement that attaches it in SQLite.
    public var sqlite: String
    /// The statement that attaches it in DuckDB.
    public var duckdb: String

    init(kind: String, name: String, remote: String?, path: String) {
        self.kind = kind
        self.name = name
        self.remote = remote
        self.path = path
        uri = Self.uri(path)
        sqlite = "ATTACH \(Self.quoted(uri)) AS \(name);"
        duckdb = "ATTACH \(Self.quoted(path)) AS \(name) (TYPE sqlite, READ_ONLY);"
    }

    /// Everything that means something in a URI, a shell or SQL is escaped, so that it can stand in quotes anywhere.
    private static func uri(_ path: String) -> String {
        let plain = path.utf8.map { byte -> String in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
        // Two slashes at the beginning name a host.
        return (path.hasPrefix("/") ? "file://" : "file:") + plain + "?mode=ro"
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    private enum Key: String, CodingKey {
        case v, event, kind, name, remote, path, uri, sqlite, duckdb
    }

    /// Writes every field: what is unknown is null, not absent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(v, forKey: .v)
        try container.encode(event, forKey: .event)
        try container.encode(kind, forKey: .kind)
        try container.encode(name, forKey: .name)
        try container.encode(remote, forKey: .remote)
        try container.encode(path, forKey: .path)
        try container.encode(uri, forKey: .uri)
        try container.encode(sqlite, forKey: .sqlite)
        try container.encode(duckdb, forKey: .duckdb)
    }
}
