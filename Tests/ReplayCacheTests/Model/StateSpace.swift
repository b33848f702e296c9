/// All states that a model can reach, nearest first.
struct StateSpace {
    /// A way into harm: what happens, and what stands then.
    struct Failure: CustomStringConvertible {
        let harm: CollectionModel.Harm
        let steps: [String]
        var description: String { "\(harm) after \(steps.count) steps:\n" + steps.joined(separator: "\n") }
    }

    private let model: CollectionModel
    private let harms: Set<CollectionModel.Harm>
    /// In the order in which they were reached; with each, the number of the one before it.
    private var states: [UInt64] = []
    private var origins: [Int32] = []
    /// A hash table of numbers of states.
    private var known: [Int32]
    private(set) var failure: Failure?
    private(set) var stepCount = 0

    var count: Int { states.count }

    /// Explores until the first of `harms`, or the end.
    init(_ model: CollectionModel, until harms: Set<CollectionModel.Harm> = [.lost, .uploadInVain]) {
        self.model = model
        self.harms = harms
        known = Array(repeating: -1, count: 1 << 12)
        insert(CollectionModel.World().bits, from: -1)
        explore()
    }

    private mutating func explore() {
        var number = 0
        var found: [UInt64] = []
        while number < states.count {
            let world = CollectionModel.World(bits: states[number])
            if let harm = model.harm(in: world), harms.contains(harm) {
                failure = Failure(harm: harm, steps: steps(to: number))
                return
            }
            found.removeAll(keepingCapacity: true)
            model.eachStep(from: world) { _, next in found.append(next.inOrder.bits) }
            for state in found { insert(state, from: number) }
            stepCount += found.count
            number += 1
        }
    }

    private mutating func insert(_ state: UInt64, from origin: Int) {
        if 2 * states.count >= known.count { grow() }
        let slot = slot(of: state)
        guard known[slot] < 0 else { return }
        known[slot] = Int32(truncatingIfNeeded: states.count)
        states.append(state)
        origins.append(Int32(truncatingIfNeeded: origin))
    }

    /// Where a state is, or would be.
    private func slot(of state: UInt64) -> Int {
        let mask = known.count - 1
        var slot = Int(truncatingIfNeeded: (state &* 0x9E37_79B9_7F4A_7C15) &>> 24) & mask
        while known[slot] >= 0, states[Int(known[slot])] != state { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        known = Array(repeating: -1, count: 4 * known.count)
        for number in states.indices { known[slot(of: states[number])] = Int32(truncatingIfNeeded: number) }
    }

    /// What happened up to a state, found by going there again.
    private func steps(to last: Int) -> [String] {
        var path = [last]
        while let first = path.last, origins[first] >= 0 { path.append(Int(origins[first])) }
        path.reverse()
        return zip(path, path.dropFirst()).map { from, to in
            var text = ""
            model.eachStep(from: CollectionModel.World(bits: states[from])) { step, next in
                guard text.isEmpty, next.inOrder.bits == states[to] else { return }
                text = "\(step)\n    \(model.description(of: next))"
            }
            return text
        }
    }
}

extension CollectionModel {
    /// A state in words.
    func description(of world: World) -> String {
        let keys = (0..<generationCount).map { key in
            let state = key < world.ripe ? " ripe" : key < world.condemned ? " condemned" : ""
            return (world.exists(key) ? "" : "no ") + "\(key)" + state
        }
        let pushers = (0..<pusherCount).map { index in
            let pusher = world.pusher(index)
            let key = pusher.key == Self.nothing ? "" : " key \(pusher.key)"
            return "\(pusher.stage)\(key) seen \(pusher.seen)\(pusher.isVisible ? " visible" : "")"
        }
        let collectors = (0..<collectorCount).map { index in "\(world.collector(index).stage)" }
        let told = world.told == Self.nothing ? "nothing" : "\(world.told)"
        return "told \(told); keys \(keys); pushers \(pushers); collectors \(collectors)"
    }
}
