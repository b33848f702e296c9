"""The import of archives and of a folder into an empty folder place, beside unpacking and pushing. Called by
Benchmarks/import."""

import os, pathlib, shutil, subprocess, sys, tempfile

from measuring import Run, in_turn, median, show

BINARIES = pathlib.Path(sys.argv[1])
PROGRAM = str(BINARIES / "replaycache")
COUNT = int(os.environ.get("REPLAYCACHE_IMPORT_COUNT", 1000))
ROUNDS = 3


def make(folder):
    """The games, and the same in each kind of archive."""
    games = folder / "games"
    subprocess.run([BINARIES / "generate-replays", games, "--count", str(COUNT), "--seed", "5"], check=True,
                   stdout=subprocess.DEVNULL)
    names = os.listdir(games)
    subprocess.run(["zip", "-qr1", folder / "dump.zip", *names], cwd=games, check=True)
    subprocess.run(["bsdtar", "--zstd", "-cf", folder / "dump.tar.zst", *names], cwd=games, check=True)
    # A 7z that is packed harder takes minutes to make; unpacking is what is measured.
    subprocess.run(["bsdtar", "--format=7zip", "--options", "compression=lzma1,compression-level=1", "-cf",
                    folder / "dump.7z", *names], cwd=games, check=True)
    return games


class Bench:
    def __init__(self, folder):
        self.folder, self.number = folder, 0

    def fresh(self):
        """A place and a home that nobody used."""
        self.number += 1
        work = self.folder / f"work{self.number}"
        shutil.rmtree(self.folder / f"work{self.number - 1}", ignore_errors=True)
        work.mkdir()
        return work

    def taking(self, source):
        def run():
            work = self.fresh()
            return Run([PROGRAM, "import", source, work / "remote", "--json"], work / "home")
        return run

    def unpacking(self, unpack):
        """What people do without import: unpack, then push."""
        def run():
            work = self.fresh()
            (work / "out").mkdir()
            first = Run([*unpack, work / "out"])
            second = Run([PROGRAM, "push", work / "out", work / "remote", "--json"], work / "home")
            second.wall += first.wall
            second.cpu += first.cpu
            return second
        return run


def main(folder):
    games = make(folder)
    size = sum(path.stat().st_size for path in games.rglob("*") if path.is_file())
    show("games", f"{COUNT:,}, {size / 1e6:,.0f} MB")
    bench = Bench(folder)
    unpackers = {
        "dump.zip": ["unzip", "-q", folder / "dump.zip", "-d"],
        "dump.tar.zst": ["bsdtar", "-xf", folder / "dump.tar.zst", "-C"],
        "dump.7z": ["bsdtar", "-xf", folder / "dump.7z", "-C"],
    }
    for name, unpack in unpackers.items():
        ours, theirs = in_turn(bench.taking(folder / name), bench.unpacking(unpack), runs=ROUNDS)
        assert ours[-1].summary()["entriesAdded"] == COUNT
        tell(f"import {name} ({(folder / name).stat().st_size / 1e6:,.0f} MB)", ours, size)
        tell(f"unpack {name} and push", theirs, size)
    ours, = in_turn(bench.taking(games), runs=ROUNDS)
    tell("import the folder", ours, size)
    shutil.rmtree(folder / f"work{bench.number}")


def tell(name, runs, size):
    wall = median(runs, "wall")
    show(name, f"{wall:6.2f} s, {COUNT / wall:5.0f} files/s, {size / 1e6 / wall:5.0f} MB/s, "
         f"CPU {median(runs, 'cpu'):5.1f} s, {median(runs, 'memory') / 1e6:4.0f} MB")


if __name__ == "__main__":
    if sys.argv[2]:
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="replaycache-import-") as name:
            main(pathlib.Path(name))
