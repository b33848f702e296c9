/// A repository in a directory: is it there, can it be written, how much room is there.
struct DirectoryChecks {
    let place: Place
    let home: String?

    private var placeChecks: PlaceChecks { PlaceChecks(place: place, home: home) }

    func run(_ examination: inout Examination, _ meter: inout MeteredRemote.Meter) async throws {
        // Nothing about accounts is kept of a directory.
        let opening = RemoteOpening(place: place, home: home ?? "", settings: RemoteSettings())
        let path = place.localDirectory ?? ""
        guard let remote = try await examination.attempt("directory", { MeteredRemote(try await opening.open()) })
        else {
            let reason = "the directory is not usable"
            try examination.skip(["disk"] + RightsCheck.names, reason)
            return try await placeChecks.run(without: reason, &examination)
        }
        try examination.ok("directory", path)
        try await disk(path, &examination)
        switch try await examination.outcome({ try await remote.foreignName() }) {
        case .failure(let error):
            try examination.fail("list", error)
            let reason = "the directory cannot be listed"
            try examination.skip(Array(RightsCheck.names.dropFirst()), reason)
            try await placeChecks.run(without: reason, &examination)
        case .success:
            try examination.ok("list", "allowed")
            try await RightsCheck(remote: remote, location: path).run(&examination)
            try await placeChecks.run(remote, &examination)
        }
        meter = remote.meter
    }

    private func disk(_ path: String, _ examination: inout Examination) async throws {
        guard
            let system = try await examination.attempt(
                "disk",
                { try await BlockingPool.shared.run { try FileSystem(of: path) } }
            )
        else { return }
        let free = system.freeByteCount
        let text = system.name + (free.map { ", \(ByteCount($0)) free" } ?? "")
        guard let free, free < Folder.fewBytes else { return try examination.ok("disk", text) }
        try examination.warn("disk", text, hint: "make room there before a push")
    }
}
