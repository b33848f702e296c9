import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What DEST of `export` means.
struct ExportDestinationTests {
    @Test(arguments: [
        ("-", ExportDestination.standardOutput), ("./plain", .folder("./plain")), ("out.tar", .archive("out.tar")),
        ("out.tar/", .folder("out.tar/")), ("file:/tmp/x.tar", .archive("/tmp/x.tar")), ("/tmp", .folder("/tmp")),
    ])
    func textsAreToldApart(_ text: String, _ meaning: ExportDestination) throws {
        #expect(try ExportDestination(text) == meaning)
    }

    @Test(arguments: ["out.tar.gz", "x/out.TGZ", "games.zip", "gdrive:folder", "https://example.org/x"])
    func whatCannotBeWrittenIsRefused(_ text: String) {
        let error = #expect(throws: ReplayCacheError.self) { try ExportDestination(text) }
        #expect(error?.code == .usage)
        #expect(error?.hint != nil)
    }

    @Test
    func aFolderMayBeCalledLikeAnArchive() throws {
        let scratch = try Scratch()
        let folder = try scratch.folder("x.tar")
        #expect(try ExportDestination(folder) == .folder(folder))
    }
}
