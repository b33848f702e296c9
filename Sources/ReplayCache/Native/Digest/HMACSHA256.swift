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

/// MD5 (RFC 1321): S3 wants it as `Content-MD5` of a bulk delete (`s3-compat.md` section 3), and it is the ETag of an object
/// that was stored by one PUT.
package enum MD5 {
    /// The 16-byte digest of `bytes`.
    package static func digest(of bytes: [UInt8]) throws(DigestError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 16)
        var length: UInt32 = 0
        let done = unsafe EVP_Digest(bytes, bytes.count, &digest, &length, EVP_md5(), nil)
        guard done == 1, Int(length) == digest.count else { throw DigestError() }
        return digest
    }

    /// The 16-byte digest of all bytes of a source.
    ///
    /// Blocks. Checks for cancellation once a mebibyte.
    package static func digest(of source: some ByteSource) throws -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw DigestError() }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestInit_ex2(context, EVP_md5(), nil) == 1 else { throw DigestError() }
        try BufferPool.reading.withBuffer { buffer in
            var offset: Int64 = 0
            while true {
                try Task.checkCancellation()
                let count = try source.read(at: offset, into: &buffer)
                guard unsafe EVP_DigestUpdate(context, buffer, count) == 1 else { throw DigestError() }
                offset += Int64(count)
                if count < buffer.count { return }
            }
        }
        var digest = [UInt8](repeating: 0, count: 16)
        guard unsafe EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw DigestError() }
        return digest
    }
}
