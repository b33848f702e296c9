import ReplayCache

/// Standard output for data, standard error for everything else.
enum Console {
    /// Writes a line of data.
    static func data(_ line: String, terminator: String = "\n") throws {
        try write(Array((line + terminator).utf8))
    }

    /// Writes a value as a line of JSON.
    static func json(_ value: some Encodable) throws {
        try write(try JSON.line(value) + [UInt8(ascii: "\n")])
    }

    private static func write(_ bytes: [UInt8]) throws {
        if let failure = StandardStream.write(bytes, to: 1) { throw ReplayCacheError(failure, doing: "printing") }
    }

    /// Writes an error the way people read it.
    ///
    /// Nothing from outside may act on the terminal.
    static func report(_ error: ReplayCacheError) {
        StandardStream.note("error: \(DisplayText.escaped(error.description))")
        if let mark = error.mark {
            StandardStream.note("  \(mark.line)\n  \(String(repeating: " ", count: mark.column))^")
        }
        if let hint = error.hint { StandardStream.note("hint: \(DisplayText.escaped(hint))") }
    }
}

extension StandardStream {
    /// Writes a line to standard error; if that is closed there is nobody to tell.
    static func note(_ line: String) { _ = write(Array((line + "\n").utf8), to: 2) }
}
