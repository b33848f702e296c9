"""How fast replays are read: their two ends where they are finished, all of them where they have to be walked. Called by
Benchmarks/reader.

Every figure is the median of the rounds after the first, everything in the page cache. A walk is forced as a crash does it: the
length in the header is 0.
"""

import json, multiprocessing, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

BINARIES = pathlib.Path(sys.argv[1])
CORES = os.cpu_count()
ROUNDS = 5


def replays(folder):
    return sorted(str(path) for path in folder.rglob("*.slp"))


def walked(folder, copy):
    """The same replays without the length in their headers, which is where a crash leaves it."""
    for number, path in enumerate(replays(folder)):
        target = copy / f"{number}.slp"
        shutil.copyfile(path, target)
        with open(target, "r+b") as file:
            if file.read(11) == b"{U\x03raw[$U#l":
                file.write(bytes(4))


def by_us(folder, jobs, _):
    command = [BINARIES / "read-replays", folder, "--rounds", str(ROUNDS + 1), "--jobs", str(jobs)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line)["seconds"] for line in output.splitlines()[1:]], 0


def with_peppi(path, skips):
    import peppi_py

    try:
        peppi_py.read_slippi(path, skip_frames=skips)
    except BaseException as error:  # A panic is no Exception.
        if isinstance(error, KeyboardInterrupt):
            raise
        return False
    return True


def with_py_slippi(path, _):
    """Reads all frames, as it always does."""
    import slippi

    try:
        slippi.Game(path)
    except Exception:
        return False
    return True


def with_python(module, read, sample=None):
    def run(folder, jobs, is_walk):
        try:
            __import__(module)
        except ImportError:
            return None
        paths = replays(folder)[:sample]
        arguments = [(path, not is_walk) for path in paths]
        times = []
        with multiprocessing.Pool(jobs, initializer=silence) as pool:
            for _ in range(2 if sample else ROUNDS + 1):
                started = time.perf_counter()
                done = pool.starmap(read, arguments, chunksize=max(1, len(paths) // (8 * jobs)))
                times.append((time.perf_counter() - started) * len(replays(folder)) / len(paths))
        return times[1:], done.count(False) / len(done)

    return run


def silence():
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def with_tool(*command):
    def run(folder, jobs, _):
        paths = replays(folder)
        parts = [paths[index::jobs] for index in range(jobs)]
        times = []
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            # Names by the hundred: an argument list has a limit.
            running = [
                subprocess.Popen(["xargs", "-0", "-n", "200", *command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
                for _ in parts
            ]
            for process, part in zip(running, parts):
                process.stdin.write(b"\0".join(os.fsencode(path) for path in part))
                process.stdin.close()
            if any(process.wait() for process in running):
                raise SystemExit(f"{command} failed")
            times.append(time.perf_counter() - started)
        return times[1:], 0

    return run


def compare(title, folder, is_walk):
    paths = replays(folder)
    size = sum(os.path.getsize(path) for path in paths)
    print(f"\n{title}: {len(paths)} replays, {size / 1e6:.0f} MB")
    runners = [
        ("reader", by_us), ("peppi-py", with_python("peppi_py", with_peppi)),
        ("py-slippi", with_python("slippi", with_py_slippi, sample=20)),
        ("cat", with_tool("cat")), ("sha256sum", with_tool("sha256sum")),
    ]
    for jobs in sorted({1, CORES}):
        ours = None
        for name, run in runners:
            found = run(folder, jobs, is_walk)
            if found is None:
                continue
            times, refused = found
            seconds = statistics.median(times)
            ours = ours or seconds
            print(f"  {name:10} {jobs} at once: {len(paths) / seconds:10,.0f} files/s {size / seconds / 1e6:10,.0f} MB/s"
                  f" {seconds / ours:8.2f} times our time"
                  + (f", refuses {refused:.0%}" if refused else ""), flush=True)


def measure(folder):
    library = folder / "library"
    generator = [BINARIES / "generate-replays", library, "--count", "1000", "--max-frames", "9000", "--damaged-share", "0"]
    if not library.exists():
        subprocess.run(generator, stdout=subprocess.DEVNULL, check=True)
    shared = pathlib.Path(os.environ.get("REPLAYCACHE_SHARED", "../shared")) / "replays"
    for name, source in [("generated", library), ("real", shared)]:
        if not source.exists():
            continue
        compare(f"{name}, as they are", source, False)
        copy = folder / f"{name}-walked"
        if not copy.exists():
            copy.mkdir()
            walked(source, copy)
        compare(f"{name}, walked", copy, True)


if sys.argv[2]:
    measure(pathlib.Path(sys.argv[2]).absolute())
else:
    with tempfile.TemporaryDirectory() as folder:
        measure(pathlib.Path(folder))
