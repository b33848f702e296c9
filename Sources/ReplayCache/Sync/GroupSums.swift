/// Sums of replays that have something in common, while rows go by.
///
/// Grows with the groups and not with the rows.
struct GroupSums {
    /// Of some replays.
    struct Totals {
        var replays = 0
        var bytes: Int64 = 0
        var frames: Int64 = 0

        static func += (left: inout Totals, right: Totals) {
            left.replays += right.replays
            left.bytes &+= right.bytes
            left.frames &+= right.frames
        }
    }

    /// A value below the values of the fields before it.
    private struct Step: Hashable {
        let parent: Int
        let value: Int64
    }

    let fields: [GroupField]
    private var numbers: [Step: Int] = [:]
    private var steps: [Step] = []
    private var totals: [Totals] = []
    private var current: [Int] = []
    /// By one more than its value: the number of the group of a small value of the only field, or -1.
    private var small = [Int](repeating: -1, count: 513)

    init(_ fields: [GroupField]) { self.fields = fields }

    /// Adds a replay to each group that it is in.
    mutating func add(_ row: borrowing Row, from column: Int, _ keys: inout GroupingKeys, _ sizes: Totals) {
        if fields.count == 1 {
            keys.each(fields[0], row, from: column) { value in
                let index = number(ofOnly: value)
                totals[index] += sizes
            }
            return
        }
        current = [-1]
        for field in fields {
            let parents = current
            current.removeAll(keepingCapacity: true)
            var values: [Int64] = []
            keys.each(field, row, from: column) { values.append($0) }
            for parent in parents { for value in values { current.append(number(Step(parent: parent, value: value))) } }
        }
        for number in current { totals[number] += sizes }
    }

    private mutating func number(ofOnly value: Int64) -> Int {
        guard (-1..<512).contains(value) else { return number(Step(parent: -1, value: value)) }
        let place = Int(value + 1)
        if small[place] < 0 { small[place] = number(Step(parent: -1, value: value)) }
        return small[place]
    }

    private mutating func number(_ step: Step) -> Int {
        if let number = numbers[step] { return number }
        let number = steps.count
        numbers[step] = number
        steps.append(step)
        totals.append(Totals())
        return number
    }

    /// The groups by the names of what they have in common; `people` names players.
    func named(_ keys: GroupingKeys, people: (Int64) throws -> String?) rethrows -> [[String?]: Totals] {
        var result: [[String?]: Totals] = [:]
        for (index, sum) in totals.enumerated() where sum.replays > 0 {
            var names: [String?] = []
            var step = steps[index]
            for field in fields.reversed() {
                names.append(try Self.name(step.value, field, keys, people))
                if step.parent >= 0 { step = steps[step.parent] }
            }
            result[names.reversed(), default: Totals()] += sum
        }
        return result
    }

    private static func name(
        _ value: Int64,
        _ field: GroupField,
        _ keys: GroupingKeys,
        _ people: (Int64) throws -> String?
    ) rethrows -> String? {
        guard value != GroupingKeys.unknown else { return nil }
        return switch field {
        case .character: MeleeCharacter(rawValue: Int(value)).name
        case .matchup: GroupingKeys.matchupName(value)
        case .stage: Stage(rawValue: Int(value)).name
        case .month: GroupingKeys.monthName(value)
        case .player: try people(value)
        case .version, .platform: keys.texts[Int(value)]
        }
    }
}
