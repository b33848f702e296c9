extension ProviderVariables {
    /// Which variables of a provider are there: names alone.
    struct State: Sendable {
        /// For people: `Backblaze B2`.
        let title: String
        /// In the order of the alphabet.
        let present: [String]
        /// What the default remote would need beside them, under its first name.
        let missing: [String]
    }

    /// Looks at all providers.
    static func states(_ environment: EnvironmentVariables) -> [State] { all.map { $0.state(environment.names) } }

    private func state(_ names: Set<String>) -> State {
        func present(_ candidates: [String]) -> [String] {
            candidates.flatMap { [$0, "\($0)_FILE"] }.filter { names.contains($0) }
        }
        let groups = [keys.pairs.map(\.id), keys.pairs.map(\.key), buckets, others].filter { !$0.isEmpty }
        return State(
            title: keys.title,
            present: (groups.flatMap(present) + present(keys.token.map { [$0] } ?? [])).sorted(),
            missing: groups.filter { present($0).isEmpty }.compactMap(\.first)
        )
    }
}
