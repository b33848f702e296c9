"""What a repository of many replays costs whoever comes to it anew, asks it and adds to it. Called by Benchmarks/catalog."""

import os, pathlib, sys, tempfile

from library import make
from measuring import Run, in_turn, median, show

PROGRAM = str(pathlib.Path(sys.argv[1]) / "replaycache")


def main(folder):
    count = int(os.environ.get("REPLAYCACHE_CATALOG_COUNT", 1_000_000))
    place, home, tree, base, compacting = make(PROGRAM, folder, count)
    size = base.stat().st_size
    name = f"{count:,}"
    show(f"base of {name}", f"{size / 1e6:.1f} MB, {size / count:.1f} bytes an entry")
    (tree / "third.txt").write_text("third")
    adding = Run([PROGRAM, "push", tree, place, "--json"], home)
    show(f"making the base of {name}", f"{compacting.wall - adding.wall:.1f} s, {compacting.cpu:.1f} s CPU, "
         f"{compacting.memory / 1e6:.0f} MB peak, for a push that takes {adding.wall:.2f} s otherwise")
    query = [PROGRAM, "query", "--remote", str(place), "--count"]
    fox = [*query, "--character", "fox"]
    homes = iter(range(1000))
    fresh = lambda command: Run(command, folder / f"pod{next(homes)}")
    first, asked, unpacked = in_turn(
        lambda: fresh(query), lambda: fresh(fox),
        lambda: Run(["zstd", "-dqf", str(base), "-o", str(folder / "plain.sqlite")]), runs=3)
    assert int(first[-1].output) == count
    for title, runs in (("count", first), ("fox", asked)):
        show(f"fresh pod, {name}: {title}", f"{median(runs, 'wall'):.2f} s, {median(runs, 'cpu'):.2f} s CPU, "
             f"{median(runs, 'memory') / 1e6:.0f} MB peak; zstd -d alone {median(unpacked, 'wall'):.2f} s")
    # Every other home has only counted so far.
    indexing = [Run(fox, folder / f"pod{number}") for number in (0, 2, 4)]
    show("first question by character", f"{median(indexing, 'wall'):.2f} s, {median(indexing, 'memory') / 1e6:.0f} MB peak: "
         "makes the indexes")
    pod = folder / "pod0"
    later, counted, nothing = in_turn(lambda: Run(fox, pod), lambda: Run(query, pod), lambda: Run([PROGRAM, "--version"]))
    show("later questions", f"fox ({int(later[-1].output):,}) {median(later, 'wall') * 1000:.0f} ms, all "
         f"{median(counted, 'wall') * 1000:.0f} ms; process start-up {median(nothing, 'wall') * 1000:.0f} ms included")
    (forecast,) = in_turn(lambda: fresh([PROGRAM, "push", tree, place, "--dry-run", "--json"]), runs=3)
    show("fresh pod: push --dry-run", f"{median(forecast, 'wall'):.2f} s, {median(forecast, 'memory') / 1e6:.0f} MB peak")
    (again,) = in_turn(lambda: Run([PROGRAM, "push", tree, place, "--json"], home))
    summary = again[-1].summary()
    assert summary["objectsUploaded"] == 0, summary
    show("push without news", f"{median(again, 'wall') * 1000:.0f} ms, {sum(summary['requests'].values())} request, "
         f"{median(again, 'memory') / 1e6:.0f} MB peak")


if sys.argv[2]:
    pathlib.Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    main(pathlib.Path(sys.argv[2]).resolve())
else:
    with tempfile.TemporaryDirectory(prefix="replaycache-catalog-") as name:
        main(pathlib.Path(name))
