internal import Glibc
internal import Synchronization

/// Looks host names up once and not again for every connection: a hundred at once would each ask.
package final class HostResolver: Sendable {
    private let known = Mutex<[String: String]>([:])

    package init() {}

    /// `host:port:address,…` for the host of a URL, the form of `CURLOPT_RESOLVE`; nil when there is nothing to look up,
    /// or a proxy may be in between, which looks names up itself.
    func entry(for url: String) async -> String? {
        guard let (host, port) = Self.host(of: url), !Self.isProxied else { return nil }
        if let entry = known.withLock({ $0["\(host):\(port)"] }) { return entry }
        let addresses = try? await BlockingPool.transfers.run { Self.addresses(of: host) }
        guard let addresses, !addresses.isEmpty else { return nil }
        // The plus lets it expire like an answer of libcurl's own resolver.
        let entry = "+\(host):\(port):\(addresses.joined(separator: ","))"
        known.withLock { $0["\(host):\(port)"] = entry }
        return entry
    }

    /// Nobody answered there: the next request looks again.
    func forget(_ url: String) {
        guard let (host, port) = Self.host(of: url) else { return }
        known.withLock { _ = $0.removeValue(forKey: "\(host):\(port)") }
    }

    /// Whether a proxy may be between here and any server.
    package static let isProxied = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        .contains { Machine.environment($0) != nil }

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
