internal import Synchronization

/// Lets one task at a time store a content: others that hold the same one wait, and then find it stored.
///
/// Whoever waits does so for a task of its own group, so that cancelling the group ends the waiting too.
final class ContentGate: Sendable {
    /// Who waits, by the content that someone is storing.
    private let waiting = Mutex<[Digest: [CheckedContinuation<Void, Never>]]>([:])

    /// Returns when nobody else stores the content; to be followed by ``leave(_:)``.
    func enter(_ digest: Digest) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[digest] != nil else {
                    waiting[digest] = []
                    return true
                }
                waiting[digest]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Lets the next one in.
    func leave(_ digest: Digest) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard waiting[digest]?.isEmpty == false else {
                waiting[digest] = nil
                return nil
            }
            return waiting[digest]?.removeFirst()
        }
        next?.resume()
    }
}
