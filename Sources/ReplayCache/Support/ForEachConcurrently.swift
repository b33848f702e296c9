/// Whether work that may go on at once is done one after the other, so that a test decides the order of everything.
enum OneAtATime {
    @TaskLocal static var isOn = false
}

/// Runs `work` on each item with at most `width` at once, and `collect` on each result as it comes, on one task.
///
/// Stops starting new work when `collect` or `next` throws; what runs is cancelled and awaited.
///
/// Left alone by the optimiser: Swift 6.3.1 crashes ("While splitting coroutine") or reads wrong results in some callers
/// when this is inlined or specialised. It costs nothing beside the work that it hands out.
@_optimize(none)
func forEachConcurrently<Item: Sendable, Output: Sendable>(
    width: Int,
    next: () async throws -> Item?,
    work: @escaping @Sendable (Item) async -> Output,
    collect: (Output) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Output.self) { group in
        var running = 0
        while let item = try await next() {
            try Task.checkCancellation()
            if running >= (OneAtATime.isOn ? 1 : width), let output = try await group.next() {
                running -= 1
                try await collect(output)
            }
            group.addTask { await work(item) }
            running += 1
        }
        while let output = try await group.next() { try await collect(output) }
    }
}

extension Result where Failure == any Error {
    /// The outcome of `body`, for tasks whose errors are looked at one by one.
    static func catching(_ body: () async throws -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
