"""The peers of this program at a bucket: what they are called with, and what each run took of the server too."""

import os, pathlib, statistics, subprocess

from measuring import Run, median, show

PEERS = pathlib.Path(os.environ["REPLAYCACHE_PEERS"]) / "bin"
SERVER = int(os.environ["REPLAYCACHE_SERVER_PID"])
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
RCLONE = {f"RCLONE_CONFIG_X_{name}": value for name, value in {
    "TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": ENDPOINT, "ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
    "SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"]}.items()}
TICKS = os.sysconf("SC_CLK_TCK")


def server_cpu():
    fields = pathlib.Path(f"/proc/{SERVER}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Transfer(Run):
    """A run, and what the server spent on it."""

    def __init__(self, command, home=None):
        before = server_cpu()
        super().__init__(command, home, RCLONE)
        self.server = server_cpu() - before


def s5cmd(*arguments):
    return [PEERS / "s5cmd", "--endpoint-url", ENDPOINT, *arguments]


def rclone(*arguments):
    return [PEERS / "rclone", "--config", "/dev/null", *arguments]


def make_bucket(name):
    subprocess.run(s5cmd("mb", f"s3://{name}"), check=True, stdout=subprocess.DEVNULL)


def empty_bucket(name):
    subprocess.run(s5cmd("rm", f"s3://{name}/*"), check=True, stdout=subprocess.DEVNULL)


def report(name, size, programs):
    """One line a program: what its median run took, and by how much a peer took more than ours, round by round."""
    ours = programs["replaycache"]
    for program, runs in programs.items():
        ratio = "" if runs is ours else (
            f"; wall {statistics.median(t.wall / o.wall for o, t in zip(ours, runs)):.2f}x ours, "
            f"cpu {median(runs, 'cpu') / median(ours, 'cpu'):.2f}x, "
            f"memory {median(runs, 'memory') / median(ours, 'memory'):.2f}x")
        speed = f", {size / median(runs, 'wall') / 1e6:,.0f} MB/s" if size else ""
        effort = f"{median(runs, 'cpu') / size * 1e9:.2f} cpu s/GB" if size else f"{median(runs, 'cpu'):.2f} cpu s"
        show(f"{name}, {program}", f"{median(runs, 'wall'):.2f} s{speed}, {effort} (server {median(runs, 'server'):.1f} s), "
             f"{median(runs, 'memory') / 1e6:.0f} MB{ratio}")
