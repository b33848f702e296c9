"""Transfers to and from a bucket, the program and its peers in turn. Called by Benchmarks/buckets, which starts the server."""

import json, os, pathlib, shutil, ssl, subprocess, sys, tempfile, time, urllib.request

from measuring import Run, median, show
from peers import Transfer, empty_bucket, make_bucket, rclone, report, s5cmd

PROGRAM = str(pathlib.Path(sys.argv[1]) / "replaycache")
ROUNDS = 3


def uploads(library, bucket, folder, round):
    return {
        "replaycache": ([PROGRAM, "push", library, f"s3:{bucket}/ours", "--json"], folder / f"push{round}"),
        "s5cmd": (s5cmd("cp", f"{library}/*", f"s3://{bucket}/s5/"), None),
        "rclone": (rclone("copy", "--transfers", "32", "--s3-no-check-bucket", library, f"X:{bucket}/rc"), None),
    }


def downloads(bucket, folder, round):
    return {
        "replaycache": ([PROGRAM, "fetch", f"s3:{bucket}/ours", folder / f"ours{round}", "--json"],
                        folder / f"fetch{round}"),
        "s5cmd": (s5cmd("cp", f"s3://{bucket}/s5/*", f"{folder}/s5-{round}/"), None),
        "rclone": (rclone("copy", "--transfers", "32", f"X:{bucket}/rc", folder / f"rc{round}"), None),
    }


def compare(name, library, folder):
    """Uploads and downloads a folder with each program, a fresh bucket and fresh folders each time."""
    size = sum(path.stat().st_size for path in library.iterdir())
    results = {"up": {}, "down": {}}
    for round in range(ROUNDS + 1):
        bucket, work = f"round{round}-{os.getpid()}-{len(name)}", folder / f"work{round}"
        work.mkdir()
        make_bucket(bucket)
        for direction, commands in ("up", uploads(library, bucket, work, round)), ("down", downloads(bucket, work, round)):
            # Who comes first pays for the memory that the server has to grow: each in its turn.
            order = list(commands)
            for program in order[round % 3:] + order[:round % 3]:
                run = Transfer(*commands[program])
                if round:
                    results[direction].setdefault(program, []).append(run)
        empty_bucket(bucket)
        shutil.rmtree(work)
        time.sleep(6)  # For five seconds ext4 steps around the inodes that were just freed, at whoever writes next.
    for direction, programs in results.items():
        report(f"{name} {direction}", size, programs)


def in_flight(library, folder):
    bucket = f"flight-{os.getpid()}"
    make_bucket(bucket)
    for command in ["push", library, f"s3:{bucket}/ours"], ["fetch", f"s3:{bucket}/ours", folder / "flight"]:
        run = Run([PROGRAM, *command, "--jobs", "128", "--json"], folder / f"flight-{command[0]}")
        show(f"{command[0]}, 128 requests in flight", f"{run.memory / 1e6:.0f} MB peak")


def connections(folder):
    """What a connection costs: the same small objects to a server that keeps connections and to one that closes each."""
    row = {"name": "generic", "title": "test", "regionRule": "configured", "usesPathStyle": True, "hasBulkDelete": True,
           "versions": "possible", "maximumPutByteCount": 5 << 30, "idleSeconds": 15, "limitsWritesPerKey": False,
           "repeatsListTokens": False}
    (folder / "row.json").write_text(json.dumps(row))
    library = folder / "tiny"
    library.mkdir()
    for number in range(1000):
        (library / f"{number}.bin").write_bytes(os.urandom(1000))
    for name, options in ("plain", []), ("TLS", ["--tls"]):
        cpu, opened = {}, {}
        for scale in "1", "0":
            runs, connections = small_pushes(library, folder / f"{name}-{scale}", [*options, "--idle-scale", scale])
            cpu[scale], opened[scale] = median(runs, "cpu"), connections
        each = (cpu["0"] - cpu["1"]) / (opened["0"] - opened["1"])
        show(f"a new connection, {name}", f"{each * 1e3:.2f} ms of cpu ({opened['1']:.0f} and {opened['0']:.0f} "
             f"connections for 1,000 objects)")


def small_pushes(library, folder, options):
    """Pushes to a server of its own a few times; the runs, and the connections of each."""
    facts = json.loads(subprocess.run(
        [sys.executable, "Tests/Servers/testserver.py", "start", folder, "--parent", str(os.getpid()), "quirks",
         "--provider", folder.parent / "row.json", *options], check=True, stdout=subprocess.PIPE).stdout)
    endpoint = f"{'https' if '--tls' in options else 'http'}://127.0.0.1:{facts['port']}"
    trust = ssl.create_default_context(cafile=facts["certificate"]) if "--tls" in options else None

    def control(method, call, body=None):
        request = urllib.request.Request(f"{endpoint}/_control/{call}", body, method=method)
        return json.loads(urllib.request.urlopen(request, context=trust).read())

    variables = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": facts["region"], "AWS_ACCESS_KEY_ID": facts["accessKey"],
                 "AWS_SECRET_ACCESS_KEY": facts["secretKey"], "AWS_CA_BUNDLE": facts.get("certificate") or ""}
    control("POST", "buckets", b'{"name": "bucket"}')
    before = control("GET", "stats")["connections"]
    runs = [Run([PROGRAM, "push", library, f"s3:bucket/{round}", "--jobs", "8", "--json"],
                folder.parent / f"{folder.name}-home-{round}", variables) for round in range(3)]
    connections = (control("GET", "stats")["connections"] - before) / len(runs)
    os.kill(facts["keeper"], 15)
    return runs, connections


def main(folder):
    large, small = folder / "large", folder / "small"
    for library, count, size in (large, 1000, 3_000_000), (small, 10_000, 30_000):
        library.mkdir()
        for number in range(count):
            (library / f"{number}.bin").write_bytes(os.urandom(size))
    connections(folder)
    compare("10,000 x 30 kB", small, folder)
    compare("1,000 x 3 MB", large, folder)
    in_flight(large, folder)


if __name__ == "__main__":
    if sys.argv[2]:
        main(pathlib.Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="replaycache-buckets-") as name:
            main(pathlib.Path(name))
