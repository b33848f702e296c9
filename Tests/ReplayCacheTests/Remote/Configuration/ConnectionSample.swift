import Testing

@testable import ReplayCache

/// Settings and where they lead.
struct ConnectionSample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var place = "s3:bucket/p"
    let settings: FakeSettings
    let endpoint: String
    let region: String
    let provider: Provider.Name
    /// What the source of the keys contains.
    let source: String
    var keyID = "keyid"
    var usesPathStyle = true
    var certificateFile: String?

    static let all = aws + servers + r2AndB2 + remotes

    static let keys = ["AWS_ACCESS_KEY_ID": "keyid", "AWS_SECRET_ACCESS_KEY": Canary.secret]
    static let r2Keys = ["R2_ACCESS_KEY": "keyid", "R2_SECRET_KEY": Canary.secret]
    static let b2Keys = ["B2_KEY_ID": "keyid", "B2_APP_KEY": Canary.secret]
    static let account = "0123456789abcdef0123456789abcdef"
    static let config = "/home/fox/.aws/config"
    static let credentials = "/home/fox/.aws/credentials"
    static let rclone = "/home/fox/.config/rclone/rclone.conf"

    static func profile(_ name: String, _ id: String) -> String {
        "[\(name)]\naws_access_key_id = \(id)\naws_secret_access_key = \(Canary.secret)\n"
    }
}
