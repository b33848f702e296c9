internal import Glibc

/// Shell patterns over paths: `*` (also across `/`), `?`, `[…]` (fnmatch(3)).
package enum Glob {
    /// Whether `pattern` matches the whole of `path` or the whole of what follows one of its slashes, so that `*.slp` and
    /// `Game_*` work at any depth.
    package static func matches(_ pattern: String, path: String) -> Bool {
        if fnmatch(pattern, path) { return true }
        return path.indices.contains { path[$0] == "/" && fnmatch(pattern, String(path[path.index(after: $0)...])) }
    }

    private static func fnmatch(_ pattern: String, _ text: String) -> Bool {
        unsafe Glibc.fnmatch(pattern, text, 0) == 0
    }
}
