internal import Glibc

/// Converts text between character sets (iconv(3)).
@safe final class TextConverter {
    // SAFETY: opened in `init`, closed once in `deinit`, never handed out.
    private let handle: iconv_t

    /// Most bytes that one call converts to.
    private static let capacity = 64

    /// Nil when the C library lacks the tables, as in bare containers.
    init?(from source: String, to target: String) {
        guard let opened = unsafe iconv_open(target, source) else { return nil }
        // iconv_open answers (iconv_t)-1 on failure.
        guard unsafe opened != UnsafeMutableRawPointer(bitPattern: -1) else { return nil }
        unsafe handle = opened
    }

    deinit { unsafe iconv_close(handle) }

    /// All of `bytes` converted; empty when they are not valid or do not fit.
    func convert(_ bytes: [UInt8]) -> [UInt8] {
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: Self.capacity)
        let written = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                var source = input.baseAddress
                var sourceLeft = input.count
                var target = output.baseAddress
                var targetLeft = output.count
                let result = unsafe iconv(handle, &source, &sourceLeft, &target, &targetLeft)
                guard result != -1, sourceLeft == 0 else {
                    unsafe iconv(handle, nil, nil, nil, nil)
                    return 0
                }
                return output.count - targetLeft
            }
        }
        return output[0..<written].map { UInt8(bitPattern: $0) }
    }
}
