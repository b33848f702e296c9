import ReplayGenerator
import Synchronization

@testable import ReplayCache

/// Lets one request of all clients happen at a time, in an order that follows from a seed alone.
///
/// A client works until its next request, or its end; when all of them wait, one is chosen. So nothing happens at once.
final class Scheduler: Sendable {
    enum Verdict: Sendable {
        case proceed
        /// The process is killed before its request had an effect.
        case crashBefore
        /// The process is killed before it hears that its request had an effect.
        case crashAfter
    }

    private struct Waiter {
        let client: Int
        let what: String
        /// By the clock of the place.
        let since: Timestamp
        let continuation: CheckedContinuation<Verdict, Never>
    }

    private struct State {
        var random: SeededGenerator
        var live: Set<Int>
        var waiters: [Waiter] = []
        var crashesLeft: Int
        var log: [String] = []
    }

    private let state: Mutex<State>
    private let place: SimulatedPlace

    init(seed: UInt64, clients: Int, crashes: Int, place: SimulatedPlace) {
        self.place = place
        state = Mutex(
            State(random: SeededGenerator(seed: seed), live: Set(0..<clients), crashesLeft: crashes)
        )
    }

    /// What happened, in its order.
    var log: [String] { state.withLock { $0.log } }

    func note(_ text: String) { state.withLock { $0.log.append(text) } }

    /// Notes that a client is gone; those whom one loss of power takes along are noted in the order of their numbers,
    /// whoever of them is done first.
    func noteKilled(_ client: Int) {
        let text = { (client: Int) in "\(client): was killed" }
        state.withLock { state in
            let others = Set((0..<client + 16).map(text)).subtracting((0...client).map(text))
            var index = state.log.endIndex
            while index > 0, others.contains(state.log[index - 1]) { index -= 1 }
            state.log.insert(text(client), at: index)
        }
    }

    /// Waits for the turn of a client.
    func turn(_ client: Int, _ what: String) async -> Verdict {
        await withCheckedContinuation { continuation in
            let waiter = Waiter(client: client, what: what, since: place.now, continuation: continuation)
            state.withLock { $0.waiters.append(waiter) }
            goOn()
        }
    }

    /// A client has nothing more to do.
    func finish(_ client: Int) {
        _ = state.withLock { $0.live.remove(client) }
        goOn()
    }

    private func goOn() {
        for (waiter, verdict) in state.withLock({ decide(&$0) }) { waiter.continuation.resume(returning: verdict) }
    }

    private func decide(_ state: inout State) -> [(Waiter, Verdict)] {
        guard !state.live.isEmpty, state.live.isSubset(of: state.waiters.map(\.client)) else { return [] }
        passTime(&state)
        if state.crashesLeft > 0, Int.random(in: 0..<400, using: &state.random) == 0 {
            state.crashesLeft -= 1
            return losePower(&state)
        }
        let client = state.live.sorted()[Int.random(in: 0..<state.live.count, using: &state.random)]
        guard let index = state.waiters.firstIndex(where: { $0.client == client }) else { return [] }
        let waiter = state.waiters.remove(at: index)
        var verdict = Verdict.proceed
        if state.crashesLeft > 0, Int.random(in: 0..<25, using: &state.random) == 0 {
            state.crashesLeft -= 1
            verdict = Bool.random(using: &state.random) ? .crashBefore : .crashAfter
        }
        state.log.append("\(client): \(waiter.what)\(verdict == .proceed ? "" : " \(verdict)")")
        return [(waiter, verdict)]
    }

    /// Milliseconds that a commit may take, from its stamp to its end.
    ///
    /// What takes longer is stamped anew, by the clock of the machine, which is none of the simulation's.
    private static let maximumCommitDuration: Int64 = 3_000_000

    private func passTime(_ state: inout State) {
        place.advance(milliseconds: Int64.random(in: 1...40, using: &state.random))
        guard Int.random(in: 0..<20, using: &state.random) == 0 else { return }
        // Hours for those who wait a day, and weeks for what is forgotten after some.
        let range: ClosedRange<Int64> = [1...45, 60...2000, 10_000...50_000][
            Int.random(in: 0...2, using: &state.random)
        ]
        let minutes = Int64.random(in: range, using: &state.random)
        let then = place.now.milliseconds + minutes * 60_000
        for waiter in state.waiters where waiter.what == Self.commit {
            guard then - waiter.since.milliseconds < Self.maximumCommitDuration else { return }
        }
        place.advance(milliseconds: minutes * 60_000)
        state.log.append("\(minutes) minutes pass")
    }

    /// What a client says that waits to put a segment.
    private static let commit = "put log/"

    /// All who use the place go down with it.
    private func losePower(_ state: inout State) -> [(Waiter, Verdict)] {
        place.losePower()
        state.log.append("the power fails")
        let all = state.waiters.sorted { $0.client < $1.client }
        state.waiters.removeAll()
        return all.map { ($0, .crashBefore) }
    }
}
