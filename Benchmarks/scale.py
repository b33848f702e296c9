"""What many files cost that are in step, or were renamed. Called by Benchmarks/scale.

The files are tiny: nothing here reads them, and what is measured is names, rows and requests. The catalog and the state of the
place are written by SQL as a push of the tree would leave them, since a first push of a million files is measured elsewhere.
"""

import hashlib, os, pathlib, sqlite3, subprocess, sys, tempfile, time

from measuring import Run, in_turn, median, show

PROGRAM = str(pathlib.Path(sys.argv[1]) / "replaycache")


class Library:
    """A tree of files, a place that holds them, and homes that know both to be in step."""

    def __init__(self, folder, folders, files):
        self.folder, self.tree, self.place = folder, folder / "tree", folder / "place"
        self.folders, self.files = folders, files
        self.write(self.tree)
        seed = folder / "seed"
        seed.mkdir()
        (seed / "seed.txt").write_text("seed")
        self.seed = seed

    def names(self):
        """Paths and contents, never all at once: a child's peak memory as told by the kernel begins with its parent's."""
        for a in range(self.folders):
            for b in range(self.files):
                yield f"folder-{a:04}/Game_{a:04}{b:04}.slp", f"{a}.{b}".encode()

    def write(self, tree):
        made = None
        for name, content in self.names():
            parent = name.partition("/")[0]
            if parent != made:
                (tree / parent).mkdir(parents=True)
                made = parent
            with open(tree / name, "wb") as file:
                file.write(content)

    def home(self, name, tree=None):
        """A home to which `tree` and the place are in step; the place is known to it by one small segment."""
        home, tree = self.folder / name, tree or self.tree
        Run([PROGRAM, "push", self.seed, self.place, "--into", "replays/seed", "--json"], home)
        catalog = sqlite3.connect(home / "catalog.sqlite")
        state = sqlite3.connect(next((home / "places").glob("*.sqlite")))
        catalog.execute("INSERT INTO root (id, path) VALUES (100, ?)", (os.path.realpath(tree),))
        (place,) = catalog.execute("SELECT id FROM place").fetchone()
        (segment,) = state.execute("SELECT max(id) FROM segment").fetchone()
        later = time.time_ns() + 60 * 10**9
        for number, (path, content) in enumerate(self.names(), 1000):
            digest, status = hashlib.sha256(content).digest(), os.stat(tree / path)
            row = (number, digest, len(content))
            catalog.execute("INSERT INTO content (id, digest, size) VALUES (?, ?, ?)", row)
            catalog.execute(
                "INSERT INTO file (id, device, inode, size, mtime, ctime, hashed_at, content) VALUES (?,?,?,?,?,?,?,?)",
                (number, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, later, number))
            catalog.execute("INSERT INTO file_path (root, path, file) VALUES (100, ?, ?)", (path, number))
            catalog.execute("INSERT INTO agreed (root, place, path, content) VALUES (100, ?, ?, ?)",
                            (place, f"replays/{path}", number))
            state.execute("INSERT INTO content (id, digest, size, encoding, generation, encoded_size, segment, line)"
                          " VALUES (?, ?, ?, 'raw', 0, ?, ?, 0)", (*row, len(content), segment))
            state.execute("INSERT INTO entry (path, content, mtime, segment, line) VALUES (?, ?, ?, ?, 0)",
                          (f"replays/{path}", number, status.st_mtime_ns, segment))
        # The place holds the seed too, which a fetch of everything would bring.
        state.execute("DELETE FROM entry WHERE path LIKE 'replays/seed/%'")
        for database in (catalog, state):
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.close()
        return home


def forget(home):
    """Makes the next run compare everything."""
    catalog = sqlite3.connect(home / "catalog.sqlite")
    catalog.execute("DELETE FROM in_step")
    catalog.commit()
    catalog.close()


def unchanged(library, home, count, runs):
    commands = {"push": ["push", library.tree, library.place], "fetch": ["fetch", library.place, library.tree],
                "status": ["status", library.tree, library.place]}

    def compared(command):
        forget(home)
        return Run([PROGRAM, *command, "--json"], home)

    for name, command in commands.items():
        full, quick, find = in_turn(
            lambda: compared(command), lambda: Run([PROGRAM, *command, "--json"], home),
            lambda: Run(["find", library.tree, "-printf", "%s %T@\\n"]), runs=runs)
        for kept in (full, quick):
            summary = kept[-1].summary()
            assert summary["filesInStep"] == count and summary["filesHashed"] == 0, summary
        requests = sum(quick[-1].summary()["requests"].values())
        show(f"{name}, {count:,} in step", " ".join(
            f"{title} {median(kept, 'wall'):.2f} s ({median(kept, 'wall') / median(find, 'wall'):.1f}x find), "
            f"{median(kept, 'cpu'):.2f} s CPU, {median(kept, 'memory') / 1e6:.0f} MB;"
            for title, kept in (("compared", full), ("known", quick))) + f" {requests} request; "
            f"find {median(find, 'wall'):.2f} s")


def renamed(library, home, count):
    """The whole tree under another name, pushed and fetched."""
    other = library.folder / "other"
    library.write(other)
    there = library.home("there", other)
    (library.tree / "renamed").mkdir()
    for folder in sorted(library.tree.glob("folder-*")):
        folder.rename(library.tree / "renamed" / folder.name)
    push = Run([PROGRAM, "push", library.tree, library.place, "--json"], home)
    summary = push.summary()
    assert summary["entriesAdded"] == summary["entriesRemoved"] == count, summary
    show(f"rename of {count:,}: push", f"{push.wall:.1f} s, {summary['objectsUploaded']} objects sent, "
         f"{summary['requests']['put']} segments, {push.memory / 1e6:.0f} MB")
    fetch = Run([PROGRAM, "fetch", library.place, other, "--json"], there)
    summary = fetch.summary()
    assert summary["filesMoved"] == count and summary["objectsDownloaded"] == 0, summary
    show(f"rename of {count:,}: fetch", f"{fetch.wall:.1f} s, {summary['objectsDownloaded']} objects received, "
         f"{fetch.memory / 1e6:.0f} MB")


def main(folder):
    small = folder / "1e5"
    small.mkdir()
    library = Library(small, 1000, 100)
    home = library.home("here")
    unchanged(library, home, 100_000, runs=5)
    renamed(library, home, 100_000)
    large = folder / "1e6"
    large.mkdir()
    library = Library(large, 1000, 1000)
    unchanged(library, library.home("here"), 1_000_000, runs=3)


if sys.argv[2]:
    pathlib.Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    main(pathlib.Path(sys.argv[2]).resolve())
else:
    with tempfile.TemporaryDirectory() as name:
        main(pathlib.Path(name))
