/// The address of a proxy for people.
enum ProxyAddress {
    /// Scheme, host and port of `text`, without user and password; an address that is none is not repeated.
    static func shown(_ text: String) -> String {
        let scheme = text.firstRange(of: "://").map { String(text[..<$0.upperBound]) } ?? ""
        // A password may hold slashes and at signs that nobody encoded.
        let rest = text.lastIndex(of: "@").map { text[text.index(after: $0)...] } ?? text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        let isScheme = ["", "http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"]
            .contains(scheme.lowercased())
        guard isScheme, ServerAddress.parse(String(authority)) != nil else { return "an address that is none" }
        return "\(scheme)\(authority)"
    }
}
