/// Takes down what the checks find, and tells each at once.
struct Examination {
    private(set) var checks: [DoctorCheck] = []
    let patience: Patience
    private let report: (DoctorCheck) throws -> Void

    init(patience: Patience, _ report: @escaping (DoctorCheck) throws -> Void) {
        self.patience = patience
        self.report = report
    }

    private mutating func tell(_ check: DoctorCheck) throws {
        checks.append(check)
        try report(check)
    }

    mutating func ok(_ name: String, _ message: String, hint: String? = nil) throws {
        try tell(DoctorCheck(name, .ok, message, hint: hint))
    }

    mutating func warn(_ name: String, _ message: String, hint: String?) throws {
        try tell(DoctorCheck(name, .warn, message, hint: hint))
    }

    mutating func warn(_ name: String, _ error: ReplayCacheError) throws {
        try warn(name, error.description, hint: error.hint)
    }

    mutating func fail(_ name: String, _ error: ReplayCacheError) throws {
        try tell(DoctorCheck(name, failed: error))
    }

    mutating func skip(_ names: [String], _ reason: String, hint: String? = nil) throws {
        for name in names { try tell(DoctorCheck(name, .skipped, reason, hint: hint)) }
    }

    /// Does what a check needs, within bounds; nil, and told, when that fails.
    mutating func attempt<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        switch try await outcome(body) {
        case .success(let value): return value
        case .failure(let error):
            try fail(name, error)
            return nil
        }
    }

    /// The same without telling.
    ///
    /// - Throws: Only when the run as a whole is cancelled.
    func outcome<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, ReplayCacheError> {
        do {
            return .success(try await patience.run(body))
        } catch {
            try Task.checkCancellation()
            return .failure(ReplayCacheError(error, doing: "checking"))
        }
    }
}
