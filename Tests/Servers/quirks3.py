#!/usr/bin/env python3
"""quirks3.py - a strict loopback S3 server that plays one provider, for the tests of replaycache.

    quirks3.py --provider row.json --port N --key K --secret S [--token T] [--bucket B]...
               [--region R] [--port-file F] [--pid-file F] [--idle-scale X] [--maximum-put BYTES]
               [--b2-allowed JSON] [--cert F --key-file F --control-port-file F] [--parent PID]

row.json is the JSON encoding of `Provider` (Sources/ReplayCache/Remote/S3/Provider.swift). The server has the limits of
that row and refuses what the provider refuses (quirks/row.py). It is a judge of the client: it checks signatures by its
own implementation, takes no body whose digest is not the signed one, and needs a length for every body.

--port 0 takes a free port; --port-file gets the number once the server listens. Objects are in memory. The server ends
on SIGTERM, and with the process --parent. On the same port: b2_authorize_account, the credentials services of AWS
(quirks/native.py), and the control interface /_control/ (quirks/control.py). With a certificate the port
speaks TLS, and --control-port-file gets the number of a second port that does not.
"""
import argparse
import asyncio
import json
import os
import pathlib
import signal
import ssl
import time

from quirks import control, s3
from quirks.behaviour import Behaviour, Layers, Seen, Traffic
from quirks.documents import S3Error, error_answer
from quirks.identity import Identities, Identity
from quirks.native import NativeServices
from quirks.row import Row
from quirks.store import Bucket
from quirks.wire import Answer, Listener


class Server:
    """The application behind the listener: sends each request where it belongs, and keeps the books."""

    def __init__(self, arguments):
        self.row = Row.parse(json.loads(pathlib.Path(arguments.provider).read_text()), arguments.region)
        self.idle_scale = arguments.idle_scale
        self.identities = Identities()
        self.identities.add(Identity(arguments.key, arguments.secret, arguments.token))
        self.buckets = {name: Bucket(name, self.row.versions == "always") for name in arguments.bucket}
        self.behaviours = {"": Behaviour(b2Allowed=arguments.b2_allowed, maximumPutByteCount=arguments.maximum_put)}
        self.all_seen = {}
        self.traffic = Traffic()
        tls = None
        if arguments.cert:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(arguments.cert, arguments.key_file)
        self.listener = Listener(self, tls)
        self.plain_listener = Listener(self)
        self.s3 = s3.S3Service(self.row, self.identities, self.buckets)
        scheme = "https" if tls else "http"
        self.native = NativeServices(self.identities, self.behaviour(""),
                                     lambda: f"{scheme}://127.0.0.1:{self.listener.port}")

    def behaviour(self, bucket):
        return self.behaviours.setdefault(bucket, Behaviour())

    def seen(self, bucket):
        return self.all_seen.setdefault(bucket, Seen())

    def layers(self, bucket):
        return Layers(self.behaviour(bucket), self.behaviour("")) if bucket else Layers(self.behaviour(""))

    # What the listener asks for

    def now(self, request):
        bucket = s3.locate(request)[0] if request else ""
        return time.time() + self.layers(bucket if bucket in self.buckets else "").clockOffsetSeconds

    def is_counted(self, request):
        return not request.path.startswith("/_control/")

    def idle_seconds(self):
        # A client leaves a connection alone after `idle_seconds`; the server waits a little longer.
        return (self.row.idle_seconds + 1) * self.idle_scale

    def says_continue(self, request):
        return self.row.says_continue

    def body_limit(self, request):
        if request.path.startswith("/_control/"):
            return 1 << 30
        return self.s3.body_limit(request, self.layers(s3.locate(request)[0]))

    def refusal(self, error):
        answer = error_answer(S3Error(error.status, error.code, error.message))
        self.seen("").codes[error.code] += 1
        self.seen("").statuses[error.status] += 1
        return answer

    def answer(self, request):
        now = self.now(request)
        if request.path.startswith("/_control/"):
            return control.answer(self, request, now)
        if request.path.startswith("/_trap/"):
            self.traffic.followed_redirects += 1
            return Answer(404)
        if self.native.handles(request.path):
            operation = request.path.rpartition("/")[2] or "ListRoles"
            books, answer = [""], self.native.answer(request, now)
        else:
            operation, books, answer = self._answer_s3(request, now)
        for each in map(self.seen, books):
            each.operations[operation] += 1
            each.statuses[answer.status] += 1
            each.header_names.update(name for name, _ in request.headers)
            each.body_bytes_received += request.body_length
            each.body_bytes_sent += len(answer.body)
            if answer.code:
                each.codes[answer.code] += 1
        return answer

    def _answer_s3(self, request, now):
        bucket, key = s3.locate(request)
        known = bucket if bucket in self.buckets else ""
        operation = s3.operation_of(request, bucket, key)
        layers = self.layers(known)
        answer = self._injected(layers, operation, request)
        if answer is None:
            answer = self.s3.answer(s3.Call(request, bucket, key, operation, layers, now))
        return operation, {"", known}, answer

    def _injected(self, layers, operation, request):
        """What a test wants answered in the place of the operation; None when nothing."""
        error = layers.next_error(operation) or ({"html": True, "status": layers.html} if layers.html else None)
        if error is None:
            return None
        if error.get("drop"):
            return Answer(0, is_dropped=True)
        headers = list(error.get("headers", {}).items())
        if "retryAfter" in error:
            headers.append(("Retry-After", str(error["retryAfter"])))
        if error.get("html"):
            page = f"<html><head><title>{error['status']}</title></head><body>A proxy speaks.</body></html>"
            body = b"" if request.method == "HEAD" else page.encode()
            return Answer(error["status"], [("Content-Type", "text/html"), *headers], body)
        code = error.get("code", "InternalError")
        return error_answer(S3Error(error["status"], code, error.get("message", code), headers), request.path,
                               request.method == "HEAD")


def birth(pid):
    """When a process was started, which with its id names it; None when there is none."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def is_alive(pid, born):
    return birth(pid) == born


def write_whole(path, text):
    """Readers see all of it or nothing."""
    temporary = f"{path}.{os.getpid()}"
    pathlib.Path(temporary).write_text(text)
    os.rename(temporary, path)


async def run(arguments):
    server = Server(arguments)
    listening = await server.listener.start(arguments.port)
    if arguments.pid_file:
        write_whole(arguments.pid_file, f"{os.getpid()}\n")
    if arguments.control_port_file:
        await server.plain_listener.start(0)
        write_whole(arguments.control_port_file, f"{server.plain_listener.port}\n")
    if arguments.port_file:
        write_whole(arguments.port_file, f"{server.listener.port}\n")
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    born = birth(arguments.parent) if arguments.parent else None
    async with listening:
        while not end.is_set() and (not arguments.parent or is_alive(arguments.parent, born)):
            try:
                await asyncio.wait_for(end.wait(), 0.25)
            except TimeoutError:
                pass
    # Not waiting for clients that keep connections open.
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--token")
    parser.add_argument("--bucket", action="append", default=[])
    parser.add_argument("--region")
    parser.add_argument("--port-file")
    parser.add_argument("--pid-file")
    parser.add_argument("--idle-scale", type=float, default=1.0)
    parser.add_argument("--maximum-put", type=int)
    parser.add_argument("--b2-allowed", type=json.loads)
    parser.add_argument("--cert")
    parser.add_argument("--key-file")
    parser.add_argument("--control-port-file")
    parser.add_argument("--parent", type=int)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
