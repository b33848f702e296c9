/// `Tests/Servers/faultproxy.py` between a client and a server; ends with the last reference.
///
/// The rules are those that the script describes at its top.
package final class FaultProxy: Sendable {
    /// Where clients connect.
    package let port: Int
    private let server: TestServer
    private let launch: Launch

    init(_ server: TestServer, _ launch: Launch) {
        self.server = server
        self.launch = launch
        port = launch.facts.port
    }

    /// Replaces all rules, and counts anew.
    ///
    /// `rules` is a JSON array: `[{"id": "cut", "match": {"op": "GetObject"}, "do": {"action": "reset"}}]`.
    package func setRules(_ rules: String, options: String = "{}", seed: Int = 7) throws {
        let body = #"{"seed": \#(seed), "options": \#(options), "rules": \#(rules)}"#
        _ = try exchange("PUT", "/rules", body)
    }

    /// Counts of requests, faults, bytes and connections.
    package func stats() throws -> JSONValue { try JSONValue(parsing: exchange("GET", "/stats")) }

    private func exchange(_ method: String, _ path: String, _ body: String = "") throws -> String {
        guard let port = launch.facts.controlPort else { return "" }
        return String(
            decoding: try LoopbackHTTP.exchange(method, port: port, path, body: Array(body.utf8)),
            as: UTF8.self
        )
    }
}
