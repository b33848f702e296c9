/// Addresses in numbers, as far as it matters who they belong to.
enum IPAddress {
    /// The four bytes of `127.0.0.1`; nil for anything else, also for the short forms that only C libraries read.
    static func v4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { part in
            part.utf8.allSatisfy { (48...57).contains($0) } && !(part.count > 1 && part.hasPrefix("0"))
                ? UInt8(part) : nil
        }
        return bytes.count == 4 ? bytes : nil
    }

    /// Whether what is sent to `host` stays on this machine.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || v4(host)?.first == 127
    }

    /// Whether `host` is an address that routers do not pass on, as those of metadata services.
    static func isLinkLocal(_ host: String) -> Bool {
        // fd00:ec2::254 and fd00:ec2::23 are Amazon's, and not routed either.
        if ["fd00:ec2::254", "fd00:ec2::23"].contains(host) || host.hasPrefix("fe80:") { return true }
        return v4(host).map { $0[0] == 169 && $0[1] == 254 } ?? false
    }
}
