/// Which providers' variables are set, and which of a set are missing; never a value.
struct VariableCheck {
    let environment: EnvironmentVariables

    func run(_ examination: inout Examination) throws {
        let states = ProviderVariables.states(environment).filter { !$0.present.isEmpty }
        guard !states.isEmpty else {
            return try examination.ok("variables", "none of B2, R2 or AWS are set")
        }
        for state in states {
            let present = state.present.joined(separator: ", ")
            guard !state.missing.isEmpty else {
                try examination.ok("variables", "\(state.title): all that a default remote needs is set: \(present)")
                continue
            }
            let missing = state.missing.joined(separator: ", ")
            try examination.warn(
                "variables",
                "\(state.title): \(present) \(state.present.count == 1 ? "is" : "are") set, "
                    + "\(missing) \(state.missing.count == 1 ? "is" : "are") not",
                hint: "set \(missing) to use that bucket without naming it; ignore this if you name a remote"
            )
        }
    }
}
