/// A whole small answer.
package struct HTTPAnswer: Sendable, Equatable {
    package let response: HTTPResponse
    package let body: [UInt8]

    package init(response: HTTPResponse, body: [UInt8]) {
        self.response = response
        self.body = body
    }
}

/// Sends small requests: one try, no redirects followed.
package protocol HTTPExchanging: Sendable {
    /// - Throws: ``HTTPFailure``, also of kind `malformed` for a body of more than `maximum` bytes.
    func exchange(_ request: HTTPRequest, body: [UInt8], maximum: Int) async throws -> HTTPAnswer
}
