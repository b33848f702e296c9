"""A first sync, one after a hundredth has changed, and one with nothing to do, to and from a bucket, the program and its
peers in turn. Called by Benchmarks/sync, which starts the server."""

import os, pathlib, shutil, statistics, sys, tempfile, time

from measuring import Run, median, show
from peers import Transfer, empty_bucket, make_bucket, rclone, report, s5cmd

PROGRAM = str(pathlib.Path(sys.argv[1]) / "replaycache")
# What makes each peer fastest with these files; the defaults of both are far slower with small or large ones.
RCLONE_FLAGS = ["--transfers", "32", "--checkers", "64", "--fast-list", "--s3-no-check-bucket",
                "--s3-upload-concurrency", "16", "--s3-chunk-size", "16M", "--multi-thread-streams", "16"]
S5CMD_FLAGS = ["--concurrency", "16", "--part-size", "16"]
FILES_IN_A_FOLDER = 500


class Trees:
    """Where each program keeps its copy of the same files, so that nobody finds what another fetched."""

    def __init__(self, work, bucket, library):
        self.work, self.bucket, self.library = work, bucket, library

    def up(self):
        return {
            "replaycache": ([PROGRAM, "push", self.library, f"s3:{self.bucket}/ours", "--json"], self.work / "home-up"),
            "s5cmd": (s5cmd("sync", *S5CMD_FLAGS, f"{self.library}/", f"s3://{self.bucket}/s5/"), None),
            "rclone": (rclone("sync", *RCLONE_FLAGS, self.library, f"X:{self.bucket}/rc"), None),
        }

    def down(self):
        return {
            "replaycache": ([PROGRAM, "fetch", f"s3:{self.bucket}/ours", self.work / "ours", "--json"],
                            self.work / "home-down"),
            "s5cmd": (s5cmd("sync", *S5CMD_FLAGS, f"s3://{self.bucket}/s5/*", f"{self.work}/s5/"), None),
            "rclone": (rclone("sync", *RCLONE_FLAGS, f"X:{self.bucket}/rc", self.work / "rc"), None),
        }


def make(library, count, size):
    for number in range(count):
        folder = library / f"{number // FILES_IN_A_FOLDER:04}"
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f"{number}.bin", "wb") as file:
            for start in range(0, size, 16 << 20):
                file.write(os.urandom(min(16 << 20, size - start)))


def change_some(library, share):
    """Other bytes, of the same number, in every so-manyth file; the bytes that changed."""
    changed = 0
    for path in sorted(library.rglob("*.bin"))[::share]:
        changed += path.stat().st_size
        path.write_bytes(os.urandom(path.stat().st_size))
    return changed


def compare(name, folder, count, size, rounds, steps=("first", "changed", "unchanged")):
    library = folder / "library"
    make(library, count, size)
    results = {}
    for round in range(rounds):
        bucket, work = f"sync{round}-{os.getpid()}-{count}", folder / f"work{round}"
        work.mkdir()
        make_bucket(bucket)
        trees = Trees(work, bucket, library)
        for step in steps:
            moved = count * size if step == "first" else change_some(library, 100) if step == "changed" else 0
            time.sleep(3)  # Rows younger than two seconds are racy and would be read again.
            for direction, commands in ("up", trees.up()), ("down", trees.down()):
                # Who comes first pays for the memory that the server has to grow: each in its turn.
                order = list(commands)
                for program in order[round % 3:] + order[:round % 3]:
                    run = Transfer(*commands[program])
                    results.setdefault((step, direction, moved), {}).setdefault(program, []).append(run)
                time.sleep(3)
        empty_bucket(bucket)
        shutil.rmtree(work)
        time.sleep(6)  # For five seconds ext4 steps around the inodes that were just freed, at whoever writes next.
    for (step, direction, moved), programs in results.items():
        report(f"{name}, {step}, {direction}", moved, programs)
        if step == "unchanged":
            beside_find(name, direction, library, programs["replaycache"])
    shutil.rmtree(library)


def beside_find(name, direction, library, ours):
    """`find` reads the same names and stamps, and nothing else: no sync can take less."""
    walks = [Run(["find", library, "-printf", "%s %T@\\n"]) for _ in range(6)][1:]
    summary = ours[-1].summary()
    assert summary["filesHashed"] == 0 and summary["objectsUploaded"] + summary["objectsDownloaded"] == 0
    show(f"{name}, unchanged, {direction}, find", f"{statistics.median(w.wall for w in walks) * 1000:.0f} ms; ours "
         f"{median(ours, 'wall') / median(walks, 'wall'):.1f}x, {sum(summary['requests'].values())} request, "
         f"{median(ours, 'memory') / 1e6:.0f} MB")


def main(folder):
    compare("20,000 x 8 kB", folder, 20_000, 8_000, rounds=3)
    compare("2,000 x 1.5 MB", folder, 2_000, 1_500_000, rounds=3, steps=("first", "changed"))
    compare("one file of 2 GB", folder, 1, 2_000_000_000, rounds=3, steps=("first",))
    compare("100,000 x 1 kB", folder, 100_000, 1_000, rounds=1, steps=("first", "changed", "unchanged"))


if __name__ == "__main__":
    if sys.argv[2]:
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="replaycache-sync-") as name:
            main(pathlib.Path(name))
