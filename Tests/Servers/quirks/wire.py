"""HTTP/1.1 for one server: requests are read whole before they are answered, connections are kept alive."""
import asyncio
import hashlib
import socket
import urllib.parse
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

HEADER_LIMIT = 64 << 10
CHUNK = 256 << 10


class BadRequest(Exception):
    """What came is not HTTP as this server speaks it; the connection ends after the answer."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Request:
    method: str
    target: str
    #: In order of arrival; names in lower case.
    headers: list
    is_secure: bool = False
    #: None when it was longer than was to be kept.
    body: bytes | None = b""
    body_length: int = 0
    body_sha256: str = hashlib.sha256().hexdigest()

    def __post_init__(self):
        self.path, _, self.query = self.target.partition("?")

    def header(self, name):
        """The value of a header, of several the values joined as SigV4 joins them; None when there is none."""
        values = [value for key, value in self.headers if key == name]
        return ",".join(values) if values else None

    @property
    def parameters(self):
        """The query, decoded; `+` is a plus."""
        pairs = (pair.partition("=") for pair in self.query.split("&") if pair)
        return {urllib.parse.unquote(name): urllib.parse.unquote(value) for name, _, value in pairs}


@dataclass
class Answer:
    status: int = 200
    headers: list = field(default_factory=list)
    body: bytes = b""
    #: What HEAD says although no body follows.
    announced_length: int | None = None
    closes: bool = False
    #: The connection ends without a word.
    is_dropped: bool = False
    #: The code in the body, of an error.
    code: str | None = None


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_counted: bool = False


class Listener:
    """Accepts connections and hands requests to `application`, which has

    answer(request) -> Answer, or a coroutine of one;
    refusal(BadRequest) -> Answer;
    body_limit(request): the longest body that is kept;
    says_continue(request): whether `Expect: 100-continue` gets its answer;
    idle_seconds(): how long a connection may do nothing; 0: it is for one request;
    now(request): seconds since 1970 for the Date header;
    is_counted(request): whether the connection that it came by is one of a client that is tested;
    traffic: counters, see behaviour.Traffic.
    """

    def __init__(self, application, tls=None):
        self.application = application
        self.tls = tls
        self.idle = set()

    async def start(self, port):
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=4 * CHUNK, backlog=512, family=socket.AF_INET, ssl=self.tls
        )
        self.port = server.sockets[0].getsockname()[1]
        return server

    def close_idle(self):
        """Closes the connections that wait for a request, as a server may at any time."""
        count = len(self.idle)
        for writer in list(self.idle):
            writer.close()
        return count

    async def _serve(self, reader, writer):
        connection = Connection(reader, writer)
        try:
            while await self._exchange(connection):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass  # the client is gone
        finally:
            if connection.is_counted:
                self.application.traffic.closed()
            writer.close()

    async def _exchange(self, connection):
        """One request and its answer; whether another may follow."""
        reader, writer = connection.reader, connection.writer
        self.idle.add(writer)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.application.idle_seconds() or 60)
        except asyncio.LimitOverrunError:
            await self._send(writer, None, Answer(431, closes=True))
            return False
        finally:
            self.idle.discard(writer)
        request = None
        try:
            request = parse(head, is_secure=self.tls is not None)
            if not connection.is_counted and self.application.is_counted(request):
                connection.is_counted = True
                self.application.traffic.opened()
            await self._read_body(request, reader, writer)
            answer = self.application.answer(request)
            if asyncio.iscoroutine(answer):
                answer = await answer
        except BadRequest as error:
            answer = self.application.refusal(error)
            answer.closes = True
        if connection.is_counted:
            self.application.traffic.received += len(head) + (request.body_length if request else 0)
        closes = answer.closes or self.application.idle_seconds() == 0 or (
            request and (request.header("connection") or "").lower() == "close")
        answer.closes = bool(closes)
        if answer.is_dropped:
            return False
        sent = await self._send(writer, request, answer)
        if connection.is_counted:
            self.application.traffic.sent += sent
        return not closes

    async def _read_body(self, request, reader, writer):
        if request.header("transfer-encoding") is not None:
            raise BadRequest(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        length = request.header("content-length")
        if length is None:
            if request.method in ("PUT", "POST"):
                raise BadRequest(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
            return
        if not length.isascii() or not length.isdigit():
            raise BadRequest(400, "InvalidRequest", "Content-Length is not a number")
        request.body_length = int(length)
        if (request.header("expect") or "").lower() == "100-continue":
            self.application.traffic.expect_seen += 1
            if self.application.says_continue(request):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        is_kept = request.body_length <= self.application.body_limit(request)
        body, digest, missing = bytearray(), hashlib.sha256(), request.body_length
        while missing:
            chunk = await reader.read(min(CHUNK, missing))
            if not chunk:
                raise asyncio.IncompleteReadError(b"", missing)
            missing -= len(chunk)
            digest.update(chunk)
            if is_kept:
                body += chunk
        request.body = bytes(body) if is_kept else None
        request.body_sha256 = digest.hexdigest()

    async def _send(self, writer, request, answer):
        is_head = request is not None and request.method == "HEAD"
        length = len(answer.body) if answer.announced_length is None else answer.announced_length
        headers = [("Date", formatdate(self.application.now(request), usegmt=True)), *answer.headers]
        if answer.status not in (204, 304):
            headers.append(("Content-Length", str(length)))
        if answer.closes:
            headers.append(("Connection", "close"))
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
        head = "\r\n".join(lines).encode("utf-8")
        writer.write(head)
        if not is_head:
            writer.write(answer.body)
        await writer.drain()
        return len(head) + (0 if is_head else len(answer.body))


def parse(head, is_secure=False):
    """The first line and the headers of a request."""
    lines = head[:-4].decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(head) > HEADER_LIMIT or len(parts) != 3 or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
        raise BadRequest(400, "BadRequest", "An error occurred when parsing the HTTP request.")
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400, "BadRequest", "An error occurred when parsing the HTTP request.")
        headers.append((name.lower(), value.strip(" \t")))
    if sum(name == "host" for name, _ in headers) != 1:
        raise BadRequest(400, "BadRequest", "There must be one Host header.")
    return Request(parts[0], parts[1], headers, is_secure)
