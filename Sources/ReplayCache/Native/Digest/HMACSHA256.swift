internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104), for signatures.
package enum HMACSHA256 {
    /// The 32-byte authentication code of `message` under `key`.
    package static func code(key: [UInt8], message: [UInt8]) throws(DigestError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Digest.byteCount)
        var length: UInt32 = 0
        let result = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &length)
        guard unsafe result != nil, Int(length) == code.count else { throw DigestError() }
        return code
    }
}

/// MD5 (RFC 1321), which S3 wants as `Content-MD5` of a bulk delete and nowhere else (`s3-compat.md` section 3).
package enum MD5 {
    /// The 16-byte digest of `bytes`.
    package static func digest(of bytes: [UInt8]) throws(DigestError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 16)
        var length: UInt32 = 0
        let done = unsafe EVP_Digest(bytes, bytes.count, &digest, &length, EVP_md5(), nil)
        guard done == 1, Int(length) == digest.count else { throw DigestError() }
        return digest
    }
}
