/// Asks a service about the configuration, with errors for people.
struct ConfigurationRequest {
    let http: any HTTPExchanging
    /// For people: `Backblaze`.
    let service: String

    /// Answers are a few hundred bytes.
    static let maximum = 1 << 20

    /// Sends the request once.
    ///
    /// - Throws: ``ReplayCacheError`` with code `unavailable` without an answer, `configuration` when certificates are why.
    func answer(_ request: HTTPRequest) async throws -> HTTPAnswer {
        do {
            return try await http.exchange(request, body: [], maximum: Self.maximum)
        } catch let failure as HTTPFailure {
            throw explained(failure)
        }
    }

    private func explained(_ failure: HTTPFailure) -> ReplayCacheError {
        switch failure.kind {
        case .certificate, .certificateFile:
            ReplayCacheError(
                .configuration,
                "the certificate of \(service) cannot be checked",
                hint: "install ca-certificates or set SSL_CERT_FILE, and check the clock",
                cause: failure.kind.rawValue
            )
        default:
            ReplayCacheError(
                .unavailable,
                "\(service) cannot be reached",
                hint: "check the network and HTTPS_PROXY, then run the same command again",
                // The library's own words may repeat an address.
                cause: failure.kind.rawValue
            )
        }
    }
}
