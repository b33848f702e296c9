/// Finds a thing by any of its names, however a person writes them.
///
/// Names are compared without case, accents, spaces and punctuation: `Pokémon Stadium`, `pokemon_stadium` and
/// `POKEMONSTADIUM` are one.
struct NameIndex<ID: Sendable>: Sendable {
    private struct Key: Sendable {
        let text: [UInt8]
        let id: ID
        let name: String
    }

    private let keys: [Key]

    /// Makes an index; where two entries claim a name, the first one has it.
    init(_ entries: [(id: ID, name: String, aliases: [String])]) {
        keys = entries.flatMap { entry in
            ([entry.name] + entry.aliases).map { Key(text: Self.folded($0), id: entry.id, name: entry.name) }
        }
    }

    func id(named text: String) -> ID? {
        let folded = Self.folded(text)
        return folded.isEmpty ? nil : keys.first { $0.text == folded }?.id
    }

    /// Up to `limit` full names that `text` may have been meant to be, the nearest first.
    func suggestions(for text: String, limit: Int = 3) -> [String] {
        let folded = Self.folded(text)
        guard !folded.isEmpty else { return [] }
        // A third of the letters may be wrong; the start of a name is as good as one wrong letter.
        let tolerance = max(1, folded.count / 3)
        let ranked = keys.compactMap { key -> (distance: Int, name: String)? in
            let startsAlike = folded.count >= 2 && key.text.starts(with: folded)
            let distance = startsAlike ? 1 : Self.editDistance(folded, key.text)
            return distance <= tolerance ? (distance, key.name) : nil
        }.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
        var names: [String] = []
        for candidate in ranked where !names.contains(candidate.name) {
            names.append(candidate.name)
        }
        return Array(names.prefix(limit))
    }

    private static func folded(_ text: String) -> [UInt8] {
        text.lowercased().unicodeScalars.compactMap { scalar in
            switch scalar {
            case "a"..."z", "0"..."9": UInt8(ascii: scalar)
            // The accents that the game's names use, composed; a combining accent is dropped below.
            case "è", "é", "ê": UInt8(ascii: "e")
            default: nil
            }
        }
    }

    /// Levenshtein distance with swapped neighbours counted as one mistake, the most common one in typing.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                let substitution = previous[j] + (left[i] == right[j] ? 0 : 1)
                var best = min(substitution, previous[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                current.append(best)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}
