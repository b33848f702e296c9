import FoundationEssentials
import Testing

/// Several machines at one place, killed and continued, in orders that seeds decide.
///
/// `REPLAYCACHE_SEEDS=1000` tries more of them, `REPLAYCACHE_SEED=77` one alone.
struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    private static let seeds: [UInt64] =
        number("REPLAYCACHE_SEED").map { [$0] } ?? Array(1...(number("REPLAYCACHE_SEEDS") ?? 24))

    @Test(arguments: seeds)
    func whatIsAcknowledgedIsThereInEveryOrderOfEvents(seed: UInt64) async throws {
        let simulation = try await Simulation(seed: seed)
        let violations = try await simulation.run()
        #expect(violations == [], "seed \(seed)\n\(simulation.scheduler.log.joined(separator: "\n"))")
    }

    /// What the simulation is there to try does happen in it.
    @Test
    func collectorsRemoveAndLogsAreCompactedAndPruned() async throws {
        var tally = SimulatedPlace.Tally()
        // Old bases are rarely removed: as many seeds as that takes.
        for seed in UInt64(7)...80 where seed <= 24 || tally.basesPruned == 0 {
            let simulation = try await Simulation(seed: seed)
            #expect(try await simulation.run() == [])
            tally = tally + simulation.place.tally
        }
        #expect(tally.objectsRemoved > 0)
        #expect(tally.listsMade > 0)
        #expect(tally.basesMade > 0)
        #expect(tally.segmentsPruned > 0)
        #expect(tally.basesPruned > 0)
    }

    @Test
    func aSeedDecidesEverything() async throws {
        var logs: [[String]] = []
        for _ in 0..<2 {
            let simulation = try await Simulation(seed: 4711)
            _ = try await simulation.run()
            logs.append(simulation.scheduler.log)
        }
        #expect(logs[0].count > 50)
        #expect(logs[0] == logs[1])
    }

    /// The check of the checks.
    @Test
    func aPlaceThatForgetsIsNoticed() async throws {
        let simulation = try await Simulation(seed: 5, losesEvery: 3)
        #expect(try await simulation.run().contains { $0.hasSuffix("is gone") })
    }
}
