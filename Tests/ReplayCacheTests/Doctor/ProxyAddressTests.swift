import Testing

@testable import ReplayCache

/// The address of a proxy is shown, and nothing that may be a password.
struct ProxyAddressTests {
    @Test(arguments: [
        ("http://127.0.0.1:3128", "http://127.0.0.1:3128"), ("proxy.example:8080/", "proxy.example:8080"),
        ("socks5h://me@proxy.example", "socks5h://proxy.example"), ("http://[::1]:80", "http://[::1]:80"),
        ("http://me:\(Canary.secret)@proxy.example:80", "http://proxy.example:80"),
        ("me:a/\(Canary.secret)@b@proxy.example:80", "proxy.example:80"),
        (Canary.secret, "an address that is none"), ("http://\(Canary.secret)/x", "an address that is none"),
        ("me:\(Canary.secret)://proxy.example:80", "an address that is none"), ("", "an address that is none"),
    ])
    func userAndPasswordAreLeftOut(_ text: String, _ shown: String) {
        #expect(ProxyAddress.shown(text) == shown)
    }
}
