/// A file of `[section]` and `key = value` lines, as AWS and rclone write them.
///
/// Lines that begin with `;` or `#` are comments. A value goes to the end of its line, since secrets may hold `=`, `#` and
/// `;` (`providers.md` section 5). Keys are in lower case. All values may be secret.
struct ConfigurationFile: Sendable {
    /// A part of the file.
    struct Section: Sendable {
        let name: String
        fileprivate(set) var values: [String: Secret] = [:]
    }

    private(set) var sections: [Section] = []
    /// The first line that is neither empty nor a comment.
    let firstLine: String

    init(_ text: String) {
        // Characters will not do: a carriage return and a line feed are one.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { Line(Substring($0)) }.filter { !$0.isIdle }
        firstLine = lines.first.map { String($0.text) } ?? ""
        var parent: (key: String, indentation: Int)?
        for line in lines {
            if let name = line.sectionName {
                sections.append(Section(name: name))
                parent = nil
                continue
            }
            guard let equals = line.text.firstIndex(of: "="), !sections.isEmpty else { continue }
            let key = String(line.text[..<equals].trimmed).lowercased()
            let value = String(line.text[line.text.index(after: equals)...].trimmed)
            if let above = parent, line.indentation > above.indentation {
                // `s3 =` and indented lines below it: settings of one service (AWS SDK guide, "Service-specific endpoints").
                sections[sections.count - 1].values["\(above.key).\(key)"] = Secret(value)
                continue
            }
            parent = value.isEmpty ? (key, line.indentation) : nil
            sections[sections.count - 1].values[key] = Secret(value)
        }
    }

    /// The values of a section, of all its pieces; nil when there is none.
    subscript(name: String) -> [String: Secret]? {
        let found = sections.filter { $0.name == name }
        guard let first = found.first else { return nil }
        return found.dropFirst().reduce(into: first.values) { $0.merge($1.values) { $1 } }
    }

    private struct Line {
        let text: Substring
        let indentation: Int

        init(_ line: Substring) {
            // Some editors begin a file with a byte order mark.
            let line = line.hasPrefix("\u{FEFF}") ? Substring(line.unicodeScalars.dropFirst()) : line
            text = line.trimmed
            indentation = line.prefix { $0 == " " || $0 == "\t" }.count
        }

        var isIdle: Bool { text.isEmpty || text.hasPrefix(";") || text.hasPrefix("#") }

        var sectionName: String? {
            guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else { return nil }
            return String(text[..<end].dropFirst().trimmed)
        }
    }
}

extension Substring {
    /// Without blanks and line ends around it.
    var trimmed: Substring {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\r", "\n"].contains(scalar) }
        var scalars = unicodeScalars
        while let first = scalars.first, isBlank(first) { scalars.removeFirst() }
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        return Substring(scalars)
    }
}
