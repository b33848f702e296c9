import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// What a fetch that was stopped has brought is not brought again.
struct StoppedFetchTests {
    private let scratch: Scratch
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        place = try scratch.place()
        let laptop = try await Laptop("laptop", in: scratch)
        for number in 0..<20 { try laptop.write("file \(number)", to: "\(number).txt") }
        try await laptop.push(to: place)
    }

    @Test
    func whatIsVerifiedGetsItsNameWhenTheUserStops() async throws {
        let home = scratch.at("pod-home")
        let folder = try scratch.folder("pod")
        let running = Mutex<Task<SyncSummary, any Error>?>(nil)
        let objects = Mutex(0)
        let transfer = ActingRemote.acting { request, moment in
            guard case .get(let key) = request, moment == .before, key.hasPrefix("objects/") else { return }
            let number = objects.withLock { count in
                count += 1
                return count
            }
            if number == 16 { running.withLock { $0?.cancel() } }
        }
        let pod = try await Laptop(home: home, folder: folder, transfer: transfer)
        let task = Task { try await pod.fetch(from: place) }
        running.withLock { $0 = task }
        _ = try? await task.value
        let placed = try pod.files().count
        // So many were verified before the sixteenth was asked for, however many are fetched at once.
        #expect(placed >= 16 - 8)
        let again = try await Laptop(home: home, folder: folder)
        let rest = try await again.fetch(from: place)
        #expect(rest.objectsDownloaded == 20 - placed)
        #expect(try again.files().count == 20)
    }

    @Test
    func aCompleteFileThatAKilledRunLeftIsNotDownloadedAgain() async throws {
        let pod = try await Laptop("pod", in: scratch)
        // As kill -9 leaves them: one whole, one of the right size with other bytes, one cut off.
        for (number, text) in [(0, "file 0"), (1, "file X"), (2, "fi")] {
            let digest = try Digest.of(Array("file \(number)".utf8))
            let placed = try PlacedFile(
                try LogicalPath("\(number).txt"),
                below: try OpenFile.directory(pod.folder),
                digest: digest
            )
            try placed.file.write(Array(text.utf8).span, at: 0)
            placed.letGo()
        }
        let summary = try await pod.fetch(from: place)
        #expect(summary.objectsDownloaded == 19)
        #expect(summary.objectsReused == 1)
        for number in 0..<20 { #expect(pod.text("\(number).txt") == "file \(number)") }
    }
}
