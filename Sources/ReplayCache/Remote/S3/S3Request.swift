/// One operation on a bucket, before it is signed and sent.
struct S3Request: Sendable {
    /// What it is for, in the words of messages.
    enum Purpose: String, Sendable {
        case put, get, head, list, delete, copy
    }

    var purpose: Purpose
    var method: HTTPRequest.Method
    /// The whole key; nil for the bucket itself.
    var key: String?
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    /// Signed with the rest.
    var headers: [(name: String, value: String)] = []
    /// Hexadecimal SHA-256 of the body.
    var payloadHash = S3Request.hashOfNothing

    /// The most bytes of a body, in either direction.
    var byteCount: Int64 = 0

    /// SHA-256 of no bytes.
    static let hashOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
