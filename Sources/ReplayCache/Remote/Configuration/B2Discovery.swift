internal import FoundationEssentials

/// Asks Backblaze where the account of a key is, and what the key may do.
struct B2Discovery {
    let api: S3Endpoint
    let http: any HTTPExchanging
    let certificateFile: String?

    /// Sends one request.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` for a key that is wrong, `quota` when a cap of the account
    ///   is reached, `unavailable` when Backblaze does not answer.
    func account(_ credentials: S3Credentials) async throws -> B2Account {
        let pair = "\(credentials.accessKeyID):\(credentials.secretAccessKey.reveal())"
        var request = HTTPRequest(
            .get,
            // Keys for several buckets are known from version 4 on.
            "\(api)/b2api/v4/b2_authorize_account",
            headers: [(name: "Authorization", value: "Basic \(Data(pair.utf8).base64EncodedString())")]
        )
        request.limits.total = .seconds(30)
        request.limits.certificateFile = certificateFile
        let answer = try await ConfigurationRequest(http: http, service: "Backblaze").answer(request)
        guard answer.response.status == 200 else { throw refusal(answer, credentials) }
        guard let authorization = try? JSON.decode(B2Authorization.self, from: answer.body) else {
            throw ReplayCacheError(.unavailable, "Backblaze answered what is no account", hint: "try again later")
        }
        guard authorization.accountId != credentials.accessKeyID else {
            throw ReplayCacheError(
                .configuration,
                "the \(credentials.shownKey) is the master key of the account, which the S3 API refuses",
                hint: "make an application key in the console, and set \(credentials.source) to it"
            )
        }
        guard let account = authorization.account else {
            throw ReplayCacheError(
                .configuration,
                "Backblaze tells no S3 server for this account",
                hint: "set B2_ENDPOINT to the endpoint that the console shows with the bucket"
            )
        }
        _ = try endpoint(of: account)
        return account
    }

    /// The S3 server of an account: a key must not be used at a host that is not Backblaze's.
    func endpoint(of account: B2Account) throws -> S3Endpoint {
        let endpoint = try ServerAddress(account.endpoint, named: "the answer of Backblaze").endpoint
        let isTest = IPAddress.isLoopback(api.host) && IPAddress.isLoopback(endpoint.host)
        guard isTest || B2Settings.isOwn(endpoint.host) else {
            throw ReplayCacheError(
                .configuration,
                "Backblaze's answer names \(endpoint.host), which is no host of its S3 API",
                hint: "set B2_ENDPOINT to the endpoint that the console shows with the bucket"
            )
        }
        return endpoint
    }

    private struct Failure: Decodable { let code: String? }

    /// The table of `providers.md` section 1.
    private func refusal(_ answer: HTTPAnswer, _ credentials: S3Credentials) -> ReplayCacheError {
        let status = answer.response.status
        let code = (try? JSON.decode(Failure.self, from: answer.body))?.code ?? ""
        // Only a code is repeated, never a message: that may quote the request.
        let isCode =
            !code.isEmpty && code.utf8.count <= 40 && code.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 }
        let cause = isCode ? "status \(status), \(code)" : "status \(status)"
        if isCode && code.hasSuffix("cap_exceeded") {
            return ReplayCacheError(
                .quota,
                "a cap of the Backblaze account is reached",
                hint: "raise it under \"Caps & Alerts\" in the console; daily caps end at 00:00 UTC",
                cause: cause
            )
        }
        switch status {
        case 400, 401, 403:
            return ReplayCacheError(
                .configuration,
                "Backblaze refuses the \(credentials.shownKey) from \(credentials.source)",
                hint: "check that key id and key belong together and that the key was not deleted",
                cause: cause
            )
        case 408, 429, 500...:
            return ReplayCacheError(.unavailable, "Backblaze is busy", hint: "try again later", cause: cause)
        default:
            return ReplayCacheError(
                .unavailable,
                "Backblaze answered what was not expected",
                hint: "check B2_API_URL and HTTPS_PROXY",
                cause: cause
            )
        }
    }
}
