/// How much of the work of ``forEachInOrder(_:weight:next:work:collect:)`` may be under way, or done and not collected yet.
struct OrderedWindow: Sendable {
    /// Items.
    let width: Int
    /// Their weights together; a single item may be heavier.
    let budget: Int64
}

/// The result of the item with a number.
///
/// Not a tuple: see ``forEachConcurrently(width:next:work:collect:)``.
private struct Numbered<Output: Sendable>: Sendable {
    let number: Int
    let output: Output
}

/// Runs `work` on several items at once, and `collect` on the results in the order of the items, on one task.
///
/// Stops starting new work when `collect` or `next` throws; what runs is cancelled and awaited. Left alone by the
/// optimiser, as ``forEachConcurrently(width:next:work:collect:)`` is.
@_optimize(none)
func forEachInOrder<Item: Sendable, Output: Sendable>(
    _ window: OrderedWindow,
    weight: (Item) -> Int64,
    next: () async throws -> Item?,
    work: @escaping @Sendable (Item) async -> Output,
    collect: (Output) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Numbered<Output>.self) { group in
        var waiting = try await next()
        var started = 0
        var collected = 0
        var held: Int64 = 0
        var weights: [Int: Int64] = [:]
        var done: [Int: Output] = [:]
        while waiting != nil || collected < started {
            try Task.checkCancellation()
            if let item = waiting, started - collected < window.width,
                started == collected || held + weight(item) <= window.budget
            {
                let number = started
                weights[number] = weight(item)
                held += weight(item)
                started += 1
                group.addTask { Numbered(number: number, output: await work(item)) }
                waiting = try await next()
            } else if let output = done.removeValue(forKey: collected) {
                try await collect(output)
                held -= weights.removeValue(forKey: collected) ?? 0
                collected += 1
            } else if let result = try await group.next() {
                done[result.number] = result.output
            }
        }
    }
}
