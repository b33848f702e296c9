"""Signature Version 4 for S3 in the form of an Authorization header, from the published rules alone.

Shares nothing with the client that it judges, nor with any library.
"""
import hashlib
import hmac
import re
import urllib.parse

ALGORITHM = "AWS4-HMAC-SHA256"
#: All bytes but these are percent-encoded.
UNRESERVED = "-_.~"


def encode(text, safe=""):
    return urllib.parse.quote(text, safe=UNRESERVED + safe, encoding="utf-8")


def canonical_path(raw):
    """The path as it must be on the wire: every byte encoded once, nothing normalised."""
    return urllib.parse.quote_from_bytes(urllib.parse.unquote_to_bytes(raw), safe=UNRESERVED + "/") or "/"


def canonical_query(raw):
    pairs = []
    for part in raw.split("&") if raw else []:
        name, _, value = part.partition("=")
        pairs.append(tuple(
            urllib.parse.quote_from_bytes(urllib.parse.unquote_to_bytes(text), safe=UNRESERVED)
            for text in (name, value)
        ))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(method, path, query, headers, signed, payload_hash):
    """`headers` are pairs in order of arrival, `signed` the names in the order of the signature."""
    lines = []
    for name in signed:
        values = [re.sub(" +", " ", value.strip()) for key, value in headers if key == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join(
        [method, canonical_path(path), canonical_query(query), "".join(lines), ";".join(signed), payload_hash]
    )


def string_to_sign(timestamp, scope, canonical):
    return "\n".join([ALGORITHM, timestamp, scope, hashlib.sha256(canonical.encode("latin-1")).hexdigest()])


def signature(secret, scope, text):
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


class Authorization:
    """The parts of an Authorization header; ValueError when it has another form."""

    FORM = re.compile(
        ALGORITHM + r" Credential=([^,\s]+), ?SignedHeaders=([a-z0-9;._-]+), ?Signature=([0-9a-f]{64})"
    )

    def __init__(self, text):
        found = self.FORM.fullmatch(text)
        if not found:
            raise ValueError("the authorization header is malformed")
        credential, signed, self.signature = found.groups()
        # The key id comes first and may hold a slash, so the scope is taken from the end.
        parts = credential.rsplit("/", 4)
        if len(parts) != 5 or parts[3:] != ["s3", "aws4_request"] or not re.fullmatch(r"\d{8}", parts[1]):
            raise ValueError("the credential is malformed, expecting KEY/YYYYMMDD/REGION/s3/aws4_request")
        self.key_id, self.day, self.region = parts[:3]
        self.scope = "/".join(parts[1:])
        self.signed = signed.split(";")
        if self.signed != sorted(set(self.signed)):
            raise ValueError("the signed headers are not sorted")


def sign(method, path, query, headers, payload_hash, key_id, secret, region):
    """The Authorization header for a request, for programs that set servers up; `headers` has x-amz-date and host."""
    signed = sorted(name for name, _ in headers)
    timestamp = dict(headers)["x-amz-date"]
    scope = f"{timestamp[:8]}/{region}/s3/aws4_request"
    text = string_to_sign(timestamp, scope, canonical_request(method, path, query, headers, signed, payload_hash))
    return (
        f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={';'.join(signed)}, "
        f"Signature={signature(secret, scope, text)}"
    )
