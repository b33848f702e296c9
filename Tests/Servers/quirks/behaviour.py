"""What a test asked a server to do, and what the server saw. Each bucket has its own, so that tests can share one."""
from collections import Counter
from dataclasses import dataclass, field, fields

#: The short names of operations that `denied`, `cap` and `nextErrors` also understand.
VERBS = {
    "PutObject": "PUT", "GetObject": "GET", "HeadObject": "HEAD", "DeleteObject": "DELETE", "DeleteObjects": "BULK",
    "CopyObject": "COPY",
    "ListObjectsV2": "LIST", "ListObjectVersions": "VERSIONS", "HeadBucket": "HEADBUCKET",
}


def covers(selector, operation):
    """Whether `selector` (true, a name, a verb, or a list of those) means `operation`."""
    if selector is True:
        return True
    selectors = [selector] if isinstance(selector, str) else selector
    return any(each in (operation, VERBS.get(operation)) for each in selectors)


@dataclass
class Behaviour:
    """The fields of PUT /_control/behaviour; those that are not given stay as they are."""

    #: Operations that the key may not do: 403 AccessDenied.
    denied: list = field(default_factory=list)
    #: What keys must begin with, else 403 AccessDenied.
    allowedPrefix: str = ""
    #: True or operations: 403 AccessDenied that speaks of a cap.
    cap: bool | list = False
    #: How far ahead the clock of the server is: Date, checks, times of objects.
    clockOffsetSeconds: float = 0
    #: {"status": 301 | 307 | 400, "region": R, "header": true}: R is the region of the bucket; a request that is signed
    #: for another gets `status`, with x-amz-bucket-region unless "header" is false.
    redirect: dict | None = None
    #: Every answer is a page of HTML with this status, as from a proxy or a captive portal.
    html: int | None = None
    #: [{"status", "code", "message", "retryAfter", "headers": {}, "html": false, "count": 1, "skip": 0, "operation"}]:
    #: each answers the next `count` requests of its operation (all when absent) after the first `skip`. A status of
    #: 200 with a code is an error in the body of a success; "drop": true closes the connection without an answer.
    nextErrors: list = field(default_factory=list)
    #: Key to error code, for DELETE, and in the answer of DeleteObjects.
    failKeys: dict = field(default_factory=dict)
    #: How long a key of which writes are limited may not be written again.
    writeIntervalSeconds: float = 1
    #: None: as the provider's row says.
    repeatsListTokens: bool | None = None
    maximumPutByteCount: int | None = None
    #: Whether x-amz-copy-source-if-match is known, else 501.
    copyTakesConditions: bool = True
    #: The most items on a page of a listing.
    pageSize: int = 1000
    #: True now and once: session tokens handed out until now have expired.
    expireToken: bool = False
    #: {"status", "code", "message"}: the answer of b2_authorize_account, of the server only.
    b2Error: dict | None = None
    #: {"capabilities", "buckets": [{"id", "name"}] | null, "namePrefix"}, of the server only.
    b2Allowed: dict | None = None
    #: {"role": R | null, "lifetimeSeconds": 3600, "authorization": T | null, "secret", "token"}, of the server only.
    metadata: dict = field(default_factory=dict)

    def update(self, values):
        """ValueError for a field that does not exist."""
        known = {each.name for each in fields(self)}
        if set(values) - known:
            raise ValueError(f"no such behaviour: {', '.join(sorted(set(values) - known))}")
        for name, value in values.items():
            setattr(self, name, value)

    def next_error(self, operation):
        """The injected answer for a request of `operation`, counted down; None when it is to be done."""
        for error in self.nextErrors:
            if not covers(error.get("operation", True), operation) or error.get("count", 1) <= 0:
                continue
            if error.get("skip", 0) > 0:
                error["skip"] -= 1
                continue
            error["count"] = error.get("count", 1) - 1
            return error
        return None


NORMAL = Behaviour()


class Layers:
    """The behaviour for one request: what was set for its bucket goes before what was set for the server."""

    def __init__(self, *layers):
        self.layers = layers

    def __getattr__(self, name):
        default = getattr(NORMAL, name)
        return next((value for value in (getattr(each, name) for each in self.layers) if value != default), default)

    def next_error(self, operation):
        return next(filter(None, (each.next_error(operation) for each in self.layers)), None)


@dataclass
class Seen:
    """The requests for one bucket, or for all."""

    operations: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)
    codes: Counter = field(default_factory=Counter)
    header_names: set = field(default_factory=set)
    body_bytes_received: int = 0
    body_bytes_sent: int = 0

    def json(self):
        return {
            "requests": sum(self.operations.values()), "operations": dict(self.operations),
            "statuses": {str(status): count for status, count in self.statuses.items()}, "codes": dict(self.codes),
            "headerNames": sorted(self.header_names), "bodyBytesReceived": self.body_bytes_received,
            "bodyBytesSent": self.body_bytes_sent,
        }


@dataclass
class Traffic:
    """The connections of a server, without those of the control interface."""

    connections: int = 0
    open_connections: int = 0
    most_connections: int = 0
    received: int = 0
    sent: int = 0
    expect_seen: int = 0
    #: Requests to where a redirect pointed: its Location must not be followed.
    followed_redirects: int = 0

    def opened(self):
        self.connections += 1
        self.open_connections += 1
        self.most_connections = max(self.most_connections, self.open_connections)

    def closed(self):
        self.open_connections -= 1

    def json(self):
        return {
            "connections": self.connections, "openConnections": self.open_connections,
            "mostConnections": self.most_connections, "bytesReceived": self.received, "bytesSent": self.sent,
            "expectSeen": self.expect_seen, "followedRedirects": self.followed_redirects,
        }
