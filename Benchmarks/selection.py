"""What questions to a repository of many replays cost, beside one look at all of its games by SQLite alone. Called by
Benchmarks/selection.

The tables that make questions faster are made with the second question; the first one is asked in a home of its own.
"""

import os, pathlib, shutil, sqlite3, statistics, subprocess, sys, tempfile, time

from library import make
from measuring import Run, in_turn, median, show

PROGRAM = str(pathlib.Path(sys.argv[1]) / "replaycache")

COUNTS = [
    "",
    "--character fox",
    "--character fox --opponent marth",
    "--character fox --legal --min-duration 1m",
    "--character not:fox",
    "--matchup fox/falco",
    "--stage battlefield",
    "--complete",
    "--complete --unranked",
    "--legal --humans 2 --min-duration 1m",
    "--legal --humans 2 --min-duration 1m --complete --unranked --platform dolphin",
    "--slippi >=3.7",
    "--winner fox",
    "--player ABC#123",
    "--since 2021-01-01 --until 2022-01-01",
    "--path replays/fox/*",
    "--where frames>9000",
]
GROUPS = ["character", "matchup", "stage", "month", "player", "version", "platform", "character,stage"]


def scan(database):
    """Seconds of a look at one column of each game, with nothing else around it: the unit of this page."""
    times = []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    for _ in range(6):
        began = time.perf_counter()
        connection.execute("SELECT count(*) FROM game WHERE is_complete = 1").fetchall()
        times.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(times[1:])


def first_line(command, home):
    """Seconds until the first row is there, and until the rest has been read."""
    began = time.perf_counter()
    with subprocess.Popen(command, env=dict(os.environ, REPLAYCACHE_HOME=str(home)), stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        first = time.perf_counter() - began
        while process.stdout.read(1 << 16):
            pass
    return first, time.perf_counter() - began


def measure(folder, count):
    name = f"{count:,}"
    place, home, tree, base, _ = make(PROGRAM, folder / "made", count)
    pod = folder / "pod"
    ask = lambda *words: [PROGRAM, "query", *words]
    Run(ask("--remote", str(place), "--count"), pod)  # Takes the base; all else is answered without a look at the place.
    (database,) = (pod / "places").glob("*.sqlite")
    unit = scan(database)
    show(f"{name}: the unit", f"{unit * 1000:.0f} ms, a look at one column of all games in SQLite alone")
    homes = iter(range(1000))

    def first(words):
        copy = folder / f"first{next(homes)}"
        shutil.copytree(pod, copy)
        run = Run(ask(*words, "--count"), copy)
        shutil.rmtree(copy)
        return run

    told = lambda wall: f"{wall * 1000:5.0f} ms, {wall / unit:4.1f} units"
    (nothing,) = in_turn(lambda: Run([PROGRAM, "--version"]))
    show(f"{name}: start-up", told(median(nothing, "wall")))
    for line in ["--character fox", "--legal --humans 2 --min-duration 1m"]:
        (runs,) = in_turn(lambda: first(line.split()), runs=3)
        show(f"{name}: first question", f"{told(median(runs, 'wall'))}  {line}")
    for _ in range(2):
        Run(ask("--character", "fox", "--count"), pod)
    for line in COUNTS:
        (runs,) = in_turn(lambda: Run(ask(*line.split(), "--count"), pod))
        show(f"{name}: count", f"{told(median(runs, 'wall'))}  {int(runs[-1].output):9,}  {line or '(all)'}")
    for line in ["", "--character fox", "--legal --humans 2 --min-duration 1m"]:
        times = [first_line(ask(*line.split(), "--format", "paths", "--limit", "20"), pod)[0] for _ in range(6)][1:]
        show(f"{name}: 20 rows, the first", f"{told(statistics.median(times))}  {line or '(all)'}")
    begun, ended = first_line(ask("--character", "fox", "--format", "paths"), pod)
    show(f"{name}: all rows", f"{told(begun)} to the first, {ended:.2f} s to the last  --character fox")
    for field in GROUPS:
        (runs,) = in_turn(lambda: Run(ask("--group-by", field, "--format", "csv"), pod), runs=3)
        show(f"{name}: --group-by", f"{told(median(runs, 'wall'))}, {median(runs, 'memory') / 1e6:.0f} MB  {field}")
    (runs,) = in_turn(lambda: Run([PROGRAM, "stats"], pod), runs=3)
    show(f"{name}: stats", f"{told(median(runs, 'wall'))}, {median(runs, 'memory') / 1e6:.0f} MB")
    target = folder / "target"
    (runs,) = in_turn(
        lambda: Run([PROGRAM, "fetch", str(place), str(target), "--character", "fox", "--dry-run", "--json"], pod), runs=3)
    show(f"{name}: fetch --dry-run", f"{told(median(runs, 'wall'))}  --character fox")


def main(folder):
    for count in (int(text) for text in os.environ.get("REPLAYCACHE_SELECTION_COUNTS", "100000 1000000").split()):
        measure(folder / str(count), count)


if sys.argv[2]:
    pathlib.Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    main(pathlib.Path(sys.argv[2]).resolve())
else:
    with tempfile.TemporaryDirectory(prefix="replaycache-selection-") as name:
        main(pathlib.Path(name))
