#!/usr/bin/env python3
"""testserver.py - starts a test server on free ports of 127.0.0.1 and ends it with the process that wanted it.

    testserver.py start DIR --parent PID quirks [--tls] [quirks3.py's options]
    testserver.py start DIR --parent PID rclone | moto | swift
    testserver.py start DIR --parent PID proxy --upstream PORT
    testserver.py bucket DIR NAME

`start` returns once the server answers and prints one JSON object: port, accessKey, secretKey, region; controlPort, where
it is another; certificate, with --tls; keeper, the process to end by SIGTERM, which ends the server. The keeper also
goes when the process --parent does, so that nothing outlives a test run that was killed, and takes DIR with it. `bucket`
makes a bucket at a real server.
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from quirks import sigv4
from quirks.row import Row
from quirks3 import birth, is_alive, write_whole

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = {"rclone": "rclone-s3.sh", "moto": "moto.sh", "swift": "openstack-swift.sh"}
KEY, SECRET = "replaycachekey", "replaycachesecret0123456789abcdefghijk"
START_SECONDS = 120


def start(arguments, rest):
    """Starts the keeper in the background and waits for the server."""
    directory = pathlib.Path(arguments.directory)
    directory.mkdir(parents=True, exist_ok=True)
    ready, log = directory / "ready.json", directory / "keeper.log"
    command = [sys.executable, __file__, "keep", str(directory), "--parent", str(arguments.parent), arguments.kind,
               *rest]
    with open(log, "wb") as output:
        keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            keeper.terminate()
            words = log.read_text(errors="replace").strip()
            shutil.rmtree(directory, ignore_errors=True)
            sys.exit(f"{arguments.kind} did not start\n{words}")
        time.sleep(0.02)
    print(json.dumps({**json.loads(ready.read_text()), "keeper": keeper.pid}))


def keep(arguments, rest):
    directory, born, ended = pathlib.Path(arguments.directory), birth(arguments.parent), []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.append(True))
    facts, is_running, stop = {"quirks": keep_quirks, "proxy": keep_proxy}.get(arguments.kind, keep_real)(
        arguments.kind, directory, rest
    )
    try:
        write_whole(directory / "ready.json", json.dumps(facts))
        while not ended and is_running() and is_alive(arguments.parent, born):
            time.sleep(0.1)
    finally:
        stop()
        shutil.rmtree(directory, ignore_errors=True)


def keep_quirks(kind, directory, rest):
    port_file, control_file, certificate = directory / "port", directory / "control-port", directory / "certificate.pem"
    has_tls = "--tls" in rest
    if has_tls:
        rest = [each for each in rest if each != "--tls"]
        make_certificate(certificate, directory / "key.pem")
        rest += ["--cert", str(certificate), "--key-file", str(directory / "key.pem"), "--control-port-file",
                 str(control_file)]
    command = [sys.executable, str(HERE / "quirks3.py"), "--port", "0", "--port-file", str(port_file), "--key", KEY,
               "--secret", SECRET, "--parent", str(os.getpid()), *rest]
    child = subprocess.Popen(command)
    while not port_file.exists():
        if child.poll() is not None:
            sys.exit("quirks3.py ended early")
        time.sleep(0.01)
    region = Row.parse(json.loads(pathlib.Path(rest[rest.index("--provider") + 1]).read_text())).region
    if "--region" in rest:
        region = rest[rest.index("--region") + 1]
    facts = {"port": int(port_file.read_text()), "accessKey": KEY, "secretKey": SECRET, "region": region}
    if has_tls:
        facts |= {"certificate": str(certificate), "controlPort": int(control_file.read_text())}
    return facts, *managed(child)


def make_certificate(certificate, key):
    """One for 127.0.0.1 that is its own authority."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key), "-out",
                    str(certificate)], check=True, stderr=subprocess.DEVNULL)


def keep_proxy(kind, directory, rest):
    port, control = free_ports(2)
    command = [sys.executable, str(HERE / "faultproxy.py"), "--listen", f"127.0.0.1:{port}", "--control",
               f"127.0.0.1:{control}", "--upstream", f"127.0.0.1:{rest[rest.index('--upstream') + 1]}"]
    child = subprocess.Popen(command)
    while not (answers(port) and answers(control)):
        if child.poll() is not None:
            sys.exit("faultproxy.py ended early")
        time.sleep(0.01)
    return {"port": port, "controlPort": control}, *managed(child)


def managed(child):
    def stop():
        child.terminate()
        child.wait()

    return (lambda: child.poll() is None), stop


def keep_real(kind, directory, rest):
    script, (port,) = str(HERE / SCRIPTS[kind]), free_ports(1)
    if subprocess.run([script, "start", str(directory), str(port)], stdout=subprocess.DEVNULL).returncode:
        sys.exit(1)  # the script has said why
    settings = {}
    for line in (directory / "env").read_text().splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        settings[name] = value
    facts = {"port": port, "accessKey": settings["AWS_ACCESS_KEY_ID"],
             "secretKey": settings["AWS_SECRET_ACCESS_KEY"], "region": settings["AWS_REGION"]}

    def stop():
        subprocess.run([script, "stop", str(directory)], check=False)

    return facts, (lambda: True), stop


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_bucket(arguments, rest):
    """A signed PUT, as no server needs more."""
    facts = json.loads((pathlib.Path(arguments.directory) / "ready.json").read_text())
    path, payload = "/" + arguments.kind, hashlib.sha256().hexdigest()
    headers = {"host": f"127.0.0.1:{facts['port']}", "x-amz-content-sha256": payload,
               "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
    headers["authorization"] = sigv4.sign("PUT", path, "", list(headers.items()), payload, facts["accessKey"],
                                          facts["secretKey"], facts["region"])
    connection = http.client.HTTPConnection("127.0.0.1", facts["port"], timeout=30)
    connection.request("PUT", path, headers=headers)
    answer = connection.getresponse()
    if answer.status != 200:
        sys.exit(f"no bucket: {answer.status} {answer.read().decode(errors='replace')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["start", "keep", "bucket"])
    parser.add_argument("directory")
    parser.add_argument("--parent", type=int)
    parser.add_argument("kind")
    arguments, rest = parser.parse_known_args()
    {"start": start, "keep": keep, "bucket": make_bucket}[arguments.verb](arguments, rest)


if __name__ == "__main__":
    main()
