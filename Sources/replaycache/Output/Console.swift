import ReplayCache

/// Standard output was closed by its reader: nothing is wrong, and nothing more is wanted.
struct BrokenPipe: Error {}

/// Standard output for data, standard error for everything else.
enum Console {
    /// Writes a line of data.
    static func data(_ line: String, terminator: String = "\n") throws {
        guard StandardStream.write(Array((line + terminator).utf8), to: 1) else { throw BrokenPipe() }
    }

    /// Writes a value as a line of JSON.
    static func json(_ value: some Encodable) throws {
        guard StandardStream.write(try JSON.line(value) + [UInt8(ascii: "\n")], to: 1) else { throw BrokenPipe() }
    }

    /// Writes an error the way people read it.
    ///
    /// Nothing from outside may act on the terminal.
    static func report(_ error: ReplayCacheError) {
        StandardStream.note("error: \(DisplayText.escaped(error.description))")
        if let hint = error.hint { StandardStream.note("hint: \(DisplayText.escaped(hint))") }
    }
}

extension StandardStream {
    /// Writes a line to standard error; if that is closed there is nobody to tell.
    static func note(_ line: String) { _ = write(Array((line + "\n").utf8), to: 2) }
}
