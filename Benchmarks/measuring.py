"""Whole processes, timed by the operating system's own account of them; shared by the figures."""

import json, os, statistics, subprocess, time


class Run:
    """One finished process: wall and CPU seconds, peak memory in bytes, standard output."""

    def __init__(self, command, home=None, variables={}):
        environment = dict(os.environ, **variables, **({"REPLAYCACHE_HOME": str(home)} if home else {}))
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.perf_counter() - started
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss * 1024
        if status != 0:
            raise SystemExit(f"{command} ended with status {os.waitstatus_to_exitcode(status)}")

    def summary(self):
        return json.loads(self.output.splitlines()[-1])


def in_turn(*makers, runs=5):
    """Runs each maker once for nothing, then `runs` times in turn; returns a list of runs for each."""
    results = [[] for _ in makers]
    for round in range(runs + 1):
        for maker, kept in zip(makers, results):
            run = maker()
            if round:
                kept.append(run)
    return results


def median(runs, field):
    return statistics.median(getattr(run, field) for run in runs)


def show(name, text):
    print(f"{name:34} {text}", flush=True)
