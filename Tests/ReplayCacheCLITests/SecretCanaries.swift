import FoundationEssentials
import Glibc
import ReplayCache
import ReplayCacheTestSupport

/// Texts that must not come out of the command anywhere.
struct SecretCanaries {
    private let texts: [String]

    /// What is secret, and the forms in which it might travel; `keyID` stands before a secret in the login of Backblaze.
    init(_ secrets: [String], keyID: String) {
        let plain = secrets.filter { !$0.isEmpty }
        let encoded = (plain + plain.map { "\(keyID):\($0)" }).map { Data($0.utf8).base64EncodedString() }
        // And what is made of them: signatures, and the headers that carry them.
        texts = plain + encoded + ["Signature=", "AWS4-HMAC-SHA256", "Authorization: Basic"]
    }

    /// Those that are somewhere in `bytes`.
    func found(in bytes: [UInt8]) -> [String] {
        texts.filter { text in
            let needle = Array(text.utf8)
            return unsafe bytes.withUnsafeBytes { hay in
                unsafe needle.withUnsafeBytes { unsafe Self.isFound($0, in: hay) }
            }
        }
    }

    /// Quick enough for every file of a test also without optimisation.
    private static func isFound(_ needle: UnsafeRawBufferPointer, in hay: UnsafeRawBufferPointer) -> Bool {
        guard let start = hay.baseAddress, let text = needle.baseAddress else { return false }
        var place = 0
        while place + needle.count <= hay.count {
            let rest = hay.count - needle.count - place + 1
            guard let next = unsafe memchr(start + place, Int32(needle[0]), rest) else { return false }
            if unsafe memcmp(next, text, needle.count) == 0 { return true }
            place = unsafe UnsafeRawPointer(next) - start + 1
        }
        return false
    }

    func found(in text: String) -> [String] { found(in: Array(text.utf8)) }

    /// Those that are in files below a folder, with the names of the files; `planted` is where a test put them.
    func found(below sandbox: CommandLineSandbox, except planted: Set<String>) throws -> [String] {
        try sandbox.files(".").filter { !planted.contains($0) }.flatMap { name in
            try found(in: sandbox.read(name)).map { "\(name): \($0)" }
        }
    }

    /// Those that are in what a bucket holds.
    func found(in bucket: TestBucket) async throws -> [String] {
        let remote = S3Remote(bucket.connection(credentials: FixedS3Credentials(bucket.server.credentials)))
        var result: [String] = []
        for object in try bucket.objects() {
            guard let key = RemoteKey(object.key) else { continue }
            let bytes = try await remote.bytes(of: key, maximum: 16 << 20)
            result += (found(in: bytes) + found(in: object.key)).map { "\(object.key): \($0)" }
        }
        return result
    }
}
