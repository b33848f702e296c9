internal import Glibc
internal import Synchronization

/// Looks host names up once and not again for every connection: a hundred at once would each ask.
package final class HostResolver: Sendable {
    /// Look-ups that are over or under way; a call of getaddrinfo(3) cannot be cancelled, and all who ask wait for one.
    private let lookUps = Mutex<[String: Task<[String], Never>]>([:])

    package init() {}

    /// `host:port:address,…` for the host of a URL, the form of `CURLOPT_RESOLVE`; nil when there is nothing to look up,
    /// or a proxy may be in between, which looks names up itself.
    ///
    /// - Throws: ``HTTPFailure`` of kind `nameResolution`.
    func entry(for url: String) async throws -> String? {
        guard let (host, port) = Self.host(of: url), Self.proxyVariables.isEmpty else { return nil }
        let lookUp = lookUps.withLock { lookUps in
            if let known = lookUps[host] { return known }
            // Not among the bodies of transfers, which a resolver that does not answer would hold up.
            let new = Task { (try? await BlockingPool.shared.run { Self.addresses(of: host) }) ?? [] }
            lookUps[host] = new
            return new
        }
        let addresses = await lookUp.value
        guard !addresses.isEmpty else { throw HTTPFailure(.nameResolution, "no address for \(host)") }
        // The plus lets it expire like an answer of libcurl's own resolver.
        return "+\(host):\(port):\(addresses.joined(separator: ","))"
    }

    /// Nobody answered there: the next request looks again.
    func forget(_ url: String) {
        guard let (host, _) = Self.host(of: url) else { return }
        lookUps.withLock { _ = $0.removeValue(forKey: host) }
    }

    /// The variables that put a proxy between here and servers, of those that libcurl reads.
    package static let proxyVariables = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .filter { Machine.environment($0) != nil }

    /// Nil for an address, which needs no look-up.
    private static func host(of url: String) -> (String, Int)? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard !authority.hasPrefix("["), !authority.contains("@") else { return nil }
        let pieces = authority.split(separator: ":")
        guard let host = pieces.first, host.contains(where: \.isLetter), !isLoopback(host) else { return nil }
        return (String(host), pieces.count > 1 ? Int(pieces[1]) ?? 0 : url.hasPrefix("https") ? 443 : 80)
    }

    /// Names that libcurl takes for this machine, whatever a resolver says (RFC 6761 section 6.3).
    private static func isLoopback(_ host: Substring) -> Bool { host == "localhost" || host.hasSuffix(".localhost") }

    /// All addresses of a host (getaddrinfo(3)); empty when it has none.
    package static func addresses(of host: String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let item = unsafe next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let code = unsafe getnameinfo(
                item.pointee.ai_addr,
                item.pointee.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            if code == 0 {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                addresses.append(address.contains(":") ? "[\(address)]" : address)
            }
            unsafe next = unsafe item.pointee.ai_next
        }
        return addresses
    }
}
