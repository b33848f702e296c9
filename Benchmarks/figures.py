"""Times whole processes, the program and its peers in turn, and prints one line a figure. Called by Benchmarks/figures."""

import os, pathlib, subprocess, sys, tempfile, time

from measuring import Run, in_turn, median, show

BINARIES = pathlib.Path(sys.argv[1])
PROGRAM, GENERATOR = str(BINARIES / "replaycache"), str(BINARIES / "generate-replays")
SHARED = pathlib.Path(os.environ.get("REPLAYCACHE_SHARED", "../shared")).resolve()


def main(folder):
    large, small, many = folder / "large", folder / "small", folder / "many"
    subprocess.run([GENERATOR, large, "--count", "200", "--seed", "1", "--min-frames", "6000", "--max-frames", "14000",
                    "--duplicate-share", "0", "--damaged-share", "0"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([GENERATOR, small, "--count", "20000", "--seed", "2", "--frames", "150"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run([GENERATOR, many, "--count", "100000", "--seed", "3", "--frames", "124"], check=True,
                   stdout=subprocess.DEVNULL)
    scan(large, folder)
    unchanged(small, folder)
    if (SHARED / "replays").is_dir():
        encoded(SHARED / "replays", folder)
    query(many, folder)
    startup()


def scan(library, folder):
    files = sorted(str(path) for path in library.rglob("*.slp"))
    size = sum(os.path.getsize(path) for path in files)
    homes = iter(range(100))
    # One openssl for each core, on halves of the same files.
    halves = [files[core :: os.cpu_count()] for core in range(os.cpu_count())]
    peer = ["sh", "-c", " & ".join("openssl dgst -sha256 " + " ".join(half) for half in halves) + " & wait"]
    ours, theirs = in_turn(
        lambda: Run([PROGRAM, "scan", library, "--json"], folder / f"scan{next(homes)}"), lambda: Run(peer))
    wall, other = median(ours, "wall"), median(theirs, "wall")
    show("first scan", f"{len(files) / wall:,.0f} files/s, {size / wall / 1e6:,.0f} MB/s; "
         f"openssl dgst on all cores {size / other / 1e6:,.0f} MB/s; ratio {other / wall:.2f}; "
         f"cpu ratio {median(theirs, 'cpu') / median(ours, 'cpu'):.2f}")


def unchanged(library, folder):
    home, remote = folder / "push-home", folder / "push-remote"
    first = Run([PROGRAM, "push", library, remote, "--json"], home).summary()
    show("first push of 20,000 files", f"{first['seconds']:.1f} s, {first['bytesUploaded'] / 1e6:,.0f} MB for "
         f"{first['bytesRaw'] / 1e6:,.0f} MB")
    time.sleep(3)  # Rows younger than two seconds are racy and would be read again.
    ours, theirs = in_turn(
        lambda: Run([PROGRAM, "push", library, remote, "--json"], home),
        lambda: Run(["find", library, "-printf", "%s %T@\\n"]))
    summary = ours[-1].summary()
    assert summary["filesHashed"] == 0 and summary["objectsUploaded"] == 0
    show("second push, 20,000 unchanged", f"{median(ours, 'wall') * 1000:.0f} ms, "
         f"{sum(summary['requests'].values())} request, {median(ours, 'memory') / 1e6:.0f} MB peak; "
         f"{median(ours, 'wall') / median(theirs, 'wall'):.1f}x find -printf")


def encoded(replays, folder):
    summary = Run([PROGRAM, "push", replays, folder / "shared-remote", "--json"], folder / "shared-home").summary()
    show("bytes of the shared replays", f"{summary['bytesRaw'] / 1e6:.1f} MB as {summary['bytesUploaded'] / 1e6:.2f} MB, "
         f"{summary['bytesRaw'] / summary['bytesUploaded']:.2f}x")


def query(library, folder):
    home, remote = folder / "query-home", folder / "query-remote"
    Run([PROGRAM, "push", library, remote, "--json"], home)
    command = [PROGRAM, "query", "--character", "fox", "--remote", str(remote)]
    count, rows, nothing = in_turn(
        lambda: Run([*command, "--count"], home), lambda: Run([*command, "--json"], home),
        lambda: Run([PROGRAM, "--version"], home))
    total = int(count[-1].output)
    show("query --character fox, 100,000", f"{total:,} replays counted in {median(count, 'wall') * 1000:.0f} ms, "
         f"printed as JSON in {median(rows, 'wall') * 1000:.0f} ms ({median(rows, 'memory') / 1e6:.0f} MB peak); "
         f"process start-up {median(nothing, 'wall') * 1000:.0f} ms included")


def startup():
    (runs,) = in_turn(lambda: Run([PROGRAM, "--version"]), runs=20)
    show("start-up (--version)", f"{median(runs, 'wall') * 1000:.1f} ms")


if __name__ == "__main__":
    if sys.argv[2]:
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="replaycache-figures-") as name:
            main(pathlib.Path(name))
