internal import COpenSSL

/// A running SHA-256 (FIPS 180-4) on OpenSSL, which uses the processor's SHA instructions where it has them.
@safe package final class SHA256Context {
    // SAFETY: owned by this object alone, freed once in `deinit`.
    private let context: OpaquePointer

    /// Fetched once: `EVP_sha256()` looks the provider up again for every context.
    ///
    /// SAFETY: an `EVP_MD` is immutable and reference counted; this one is never freed.
    private nonisolated(unsafe) static let algorithm: OpaquePointer? = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    /// Starts a digest.
    ///
    /// Throws when OpenSSL has no SHA-256 or no memory.
    package init() throws(DigestError) {
        guard let algorithm = unsafe Self.algorithm, let context = unsafe EVP_MD_CTX_new() else {
            throw DigestError()
        }
        guard unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw DigestError()
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package func update(_ bytes: Span<UInt8>) throws(DigestError) {
        let done = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard done == 1 else { throw DigestError() }
    }

    /// Ends the digest; call it once, last.
    package func finish() throws(DigestError) -> Digest {
        var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
        let done = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil)
        }
        guard done == 1, let digest = Digest(bytes: bytes) else { throw DigestError() }
        return digest
    }
}

/// OpenSSL could not compute a digest: its configuration disables SHA-256, or memory ran out.
package struct DigestError: Error, CustomStringConvertible {
    package var description: String { "OpenSSL cannot compute SHA-256 here" }
}
