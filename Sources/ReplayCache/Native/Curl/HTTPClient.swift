/// HTTP over libcurl.
package final class HTTPClient: HTTPExchanging {
    /// The one of the process.
    package static let shared = HTTPClient()

    package func exchange(_ request: HTTPRequest, body: [UInt8], maximum: Int) async throws -> HTTPAnswer {
        throw HTTPFailure(.local, "not there yet")
    }
}
