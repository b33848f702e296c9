"""The operations of S3 as one provider has them: who may, what is asked, and the answer."""
import base64
import binascii
import calendar
import hashlib
import secrets
import time
import urllib.parse
import xml.etree.ElementTree
import zlib
from email.utils import formatdate
from xml.sax.saxutils import escape

from . import sigv4
from .behaviour import covers
from .wire import Answer

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
#: Must be signed when they are sent; so must every x-amz-*.
SIGNED_WHEN_SENT = ("host", "content-type", "content-md5", "range", "if-match", "if-none-match")
#: Query parameters, beside x-id, of the operations that exist here.
PARAMETERS = {
    "PutObject": (), "GetObject": ("versionId",), "HeadObject": ("versionId",), "DeleteObject": ("versionId",),
    "HeadBucket": (), "DeleteObjects": ("delete",),
    "ListObjectsV2": ("list-type", "prefix", "start-after", "max-keys", "continuation-token", "delimiter",
                      "encoding-type", "fetch-owner"),
    "ListObjectVersions": ("versions", "prefix", "key-marker", "version-id-marker", "max-keys", "delimiter",
                           "encoding-type"),
}
CAP = "Cannot complete the request, cap exceeded. See the Caps & Alerts page to increase your cap."


class S3Error(Exception):
    def __init__(self, status, code, message, headers=(), **details):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers, self.details = list(headers), details


def element(name, *content):
    """Markup; content that is text is escaped, what `element` made is not."""
    return Markup(f"<{name}>{''.join(c if isinstance(c, Markup) else escape(str(c)) for c in content)}</{name}>")


class Markup(str):
    pass


def document(name, *content):
    body = "".join(content)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">{body}</{name}>'.encode()


def error_answer(error, resource="", is_head=False):
    body = element("Code", error.code) + element("Message", error.message)
    body += "".join(element(name, value) for name, value in error.details.items())
    body += element("Resource", resource) + element("RequestId", secrets.token_hex(8))
    # Amazon gives errors no namespace.
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'
    return Answer(error.status, [("Content-Type", "application/xml"), *error.headers],
                  b"" if is_head else text.encode(), code=error.code)


def iso_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def parse_timestamp(text):
    try:
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise S3Error(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None


class Call:
    """A request with what it is about."""

    def __init__(self, request, bucket_name, key, operation, behaviour, now):
        self.request, self.bucket_name, self.key, self.operation = request, bucket_name, key, operation
        self.behaviour, self.now = behaviour, now
        self.parameters = request.parameters
        self.bucket = None


def locate(request):
    """(bucket, key) of a request in either style; `bucket.localhost` is a bucket in the host."""
    host = request.header("host").rsplit(":", 1)[0].lower()
    path = urllib.parse.unquote(request.path[1:])
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost"), path
    bucket, _, key = path.partition("/")
    return bucket, key


def operation_of(request, bucket, key):
    names, method = request.parameters.keys(), request.method
    if not bucket:
        return "ListBuckets"
    if key:
        plain = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
        is_plain = method in plain and not names & {"uploads", "uploadId", "partNumber", "acl", "tagging"}
        return plain[method] if is_plain and not request.header("x-amz-copy-source") else "Other"
    if method == "GET" and "versions" in names:
        return "ListObjectVersions"
    if method == "GET" and request.parameters.get("list-type") == "2":
        return "ListObjectsV2"
    if method == "POST" and "delete" in names:
        return "DeleteObjects"
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "Other")


class S3Service:
    def __init__(self, row, identities, buckets):
        self.row, self.identities, self.buckets = row, identities, buckets
        #: When each key was last written, for the limit on writes.
        self.written = {}
        #: (bucket, prefix) to the number of tricks that its listings have played.
        self.tricks = {}

    def body_limit(self, request, behaviour):
        return self.row.maximum_put if behaviour.maximumPutByteCount is None else behaviour.maximumPutByteCount

    def answer(self, call):
        try:
            self._authenticate(call)
            self._authorize(call)
            handler = getattr(self, f"_{call.operation}", None)
            if handler is None:
                raise S3Error(501, "NotImplemented", f"{call.operation} is not implemented.")
            self._check_parameters(call)
            answer = handler(call)
        except S3Error as error:
            answer = error_answer(error, call.request.path, call.request.method == "HEAD")
        answer.headers += [("x-amz-request-id", secrets.token_hex(8)), ("Server", "quirks3")]
        if self.row.name == "b2":
            answer.headers.append(("Keep-Alive", f"timeout={self.row.idle_seconds + 1}"))
        return answer

    # Who

    def _authenticate(self, call):
        request, row = call.request, self.row
        text = request.header("authorization")
        if text is None:
            raise S3Error(403, "AccessDenied", "Access Denied")
        try:
            claim = sigv4.Authorization(text)
        except ValueError as error:
            raise S3Error(400, "AuthorizationHeaderMalformed", str(error)) from None
        timestamp = request.header("x-amz-date") or ""
        signed_at = parse_timestamp(timestamp)
        if claim.day != timestamp[:8]:
            raise S3Error(400, "AuthorizationHeaderMalformed", "the credential is of another day than x-amz-date")
        self._check_region(call, claim)
        identity = self.identities.by_key.get(claim.key_id)
        if identity is None:
            if row.name == "r2":
                raise S3Error(401, "Unauthorized", "Unauthorized")
            raise S3Error(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.",
                          AWSAccessKeyId=claim.key_id)
        if abs(signed_at - call.now) > row.skew_seconds:
            raise S3Error(403, "RequestTimeTooSkewed",
                          "The difference between the request time and the current time is too large.",
                          RequestTime=timestamp, ServerTime=iso_time(call.now),
                          MaxAllowedSkewMilliseconds=row.skew_seconds * 1000)
        self._check_signature(claim, identity, call)
        self._check_token(identity, call)
        self._check_payload(call)

    def _check_region(self, call, claim):
        redirect = call.behaviour.redirect
        if redirect and claim.region != redirect["region"]:
            raise redirection(call, redirect, claim.region)
        if redirect or self.row.takes_region(claim.region):
            return
        if self.row.name == "r2":
            raise S3Error(400, "InvalidRegionName", f"The region name '{claim.region}' is not valid.")
        raise S3Error(400, "AuthorizationHeaderMalformed",
                      f"The authorization header is malformed; the region '{claim.region}' is wrong; "
                      f"expecting '{self.row.region}'", Region=self.row.region)

    def _check_signature(self, claim, identity, call):
        request = call.request
        sent = {name for name, _ in request.headers}
        must = {name for name in sent if name.startswith("x-amz-") or name in SIGNED_WHEN_SENT}
        if must - set(claim.signed):
            raise S3Error(403, "AccessDenied", "There were headers present in the request which were not signed",
                          HeadersNotSigned=", ".join(sorted(must - set(claim.signed))))
        payload_hash = request.header("x-amz-content-sha256")
        if payload_hash is None:
            raise S3Error(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        if request.path != sigv4.canonical_path(request.path):
            raise S3Error(400, "InvalidURI", "The path is not percent-encoded as it was signed.")
        headers = request.headers
        if self.row.name == "gcs":
            # Google's front end rewrites this one before the signature is checked.
            headers = [(name, "gzip,gfe" if name == "accept-encoding" else value) for name, value in headers]
        canonical = sigv4.canonical_request(
            request.method, request.path, request.query, headers, claim.signed, payload_hash
        )
        text = sigv4.string_to_sign(request.header("x-amz-date"), claim.scope, canonical)
        if sigv4.signature(identity.secret, claim.scope, text) != claim.signature or set(claim.signed) - sent:
            raise S3Error(403, "SignatureDoesNotMatch",
                          "The request signature we calculated does not match the signature you provided. "
                          "Check your key and signing method.",
                          AWSAccessKeyId=claim.key_id, StringToSign=text, SignatureProvided=claim.signature,
                          CanonicalRequest=canonical)

    def _check_token(self, identity, call):
        token = call.request.header("x-amz-security-token")
        if token != identity.token:
            raise S3Error(403, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if identity.expires is not None and identity.expires <= call.now:
            raise S3Error(400, "ExpiredToken", "The provided token has expired.")

    def _check_payload(self, call):
        claimed = call.request.header("x-amz-content-sha256")
        if claimed.startswith("STREAMING-"):
            raise S3Error(501, "NotImplemented", f"{claimed} is not implemented.")
        if claimed == "UNSIGNED-PAYLOAD" and call.request.is_secure:
            return
        if claimed != call.request.body_sha256:
            raise S3Error(400, "XAmzContentSHA256Mismatch",
                          "The provided 'x-amz-content-sha256' header does not match what was computed.",
                          ClientComputedContentSHA256=claimed, S3ComputedContentSHA256=call.request.body_sha256)

    def _authorize(self, call):
        behaviour, operation = call.behaviour, call.operation
        if behaviour.cap and covers(behaviour.cap, operation):
            raise S3Error(403, "AccessDenied", CAP)
        if operation in ("ListBuckets", "CreateBucket", "DeleteBucket"):
            # No key that is limited to a bucket may (providers.md section 0).
            raise S3Error(403, "AccessDenied", "Access Denied")
        is_about_names = operation not in ("DeleteObjects", "HeadBucket")
        name = call.key or call.parameters.get("prefix", "")
        is_outside = is_about_names and not name.startswith(behaviour.allowedPrefix)
        if covers(behaviour.denied, operation) or is_outside:
            raise S3Error(403, "AccessDenied", "Access Denied")
        call.bucket = self.buckets.get(call.bucket_name)
        if call.bucket is None:
            raise S3Error(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=call.bucket_name)

    def _check_parameters(self, call):
        for name in call.parameters:
            is_known = name in PARAMETERS[call.operation] or (name == "x-id" and self.row.name in ("aws", "generic"))
            if not is_known:
                raise S3Error(501, "NotImplemented", f"The parameter {name} is not implemented.")
        if len(call.key.encode()) > 1024:
            raise S3Error(400, "KeyTooLongError", "Your key is too long", Size=len(call.key.encode()))
        if self.row.name in ("runpod", "generic") and set(call.key.split("/")[:-1]) & {"", ".", ".."} and call.key:
            raise S3Error(400, "InvalidArgument", "Object name contains unsupported path segments.")

    # One object

    def _PutObject(self, call):
        request, bucket = call.request, call.bucket
        for name, _ in request.headers:
            refusal = self.row.refusal(name)
            if refusal:
                raise S3Error(*refusal)
        limit = self.body_limit(request, call.behaviour)
        if request.body is None or request.body_length > limit:
            raise S3Error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
                          ProposedSize=request.body_length, MaxSizeAllowed=limit)
        check_md5(request)
        check_checksums(request)
        self._check_write_rate(call)
        existing = bucket.latest(call.key)
        is_there = existing is not None and not existing.is_marker
        if request.header("if-none-match") is not None and is_there:
            raise S3Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        if request.header("if-match") is not None:
            if not is_there:
                raise S3Error(404, "NoSuchKey", "The specified key does not exist.", Key=call.key)
            if request.header("if-match").strip('"') != existing.etag:
                raise S3Error(412, "PreconditionFailed",
                              "At least one of the pre-conditions you specified did not hold")
        kept = {"content-type": "binary/octet-stream"}
        kept |= {name: value for name, value in request.headers
                 if name == "content-type" or name.startswith("x-amz-meta-")}
        version = bucket.put(call.key, request.body, call.now, tuple(kept.items()))
        return Answer(200, [("ETag", f'"{version.etag}"'), *version_header(bucket, version)])

    def _check_write_rate(self, call):
        place = (call.bucket_name, call.key)
        # Not `call.now`: a test may move that clock.
        now = time.monotonic()
        if self.row.limits_writes_per_key and now - self.written.get(place, -1e9) < call.behaviour.writeIntervalSeconds:
            raise S3Error(429, "TooManyRequests",
                          "Reduce your concurrent request rate for the same object.", [("Retry-After", "1")])
        self.written[place] = now

    def _GetObject(self, call):
        bucket, version = call.bucket, self._readable(call)
        headers = self._object_headers(bucket, version)
        text = call.request.header("range")
        if text is None:
            return Answer(200, headers, version.data)
        size = len(version.data)
        start, stop = parse_range(text, size)
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
        return Answer(206, headers, version.data[start:stop])

    def _HeadObject(self, call):
        version = self._readable(call)
        return Answer(200, self._object_headers(call.bucket, version), announced_length=len(version.data))

    def _object_headers(self, bucket, version):
        return [("ETag", f'"{version.etag}"'), ("Last-Modified", formatdate(version.modified, usegmt=True)),
                ("Accept-Ranges", "bytes"), *version.headers, *version_header(bucket, version)]

    def _readable(self, call):
        """The version that is asked for, which has bytes."""
        identifier = call.parameters.get("versionId")
        if identifier is None:
            version = call.bucket.latest(call.key)
        else:
            version = call.bucket.find(call.key, identifier)
            if version is None:
                raise S3Error(404, "NoSuchVersion", "The specified version does not exist.", Key=call.key)
        if version is not None and not version.is_marker:
            return version
        headers = [] if version is None else [("x-amz-delete-marker", "true"), *version_header(call.bucket, version)]
        if identifier is not None:
            raise S3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.",
                          headers)
        raise S3Error(404, "NoSuchKey", "The specified key does not exist.", headers, Key=call.key)

    def _DeleteObject(self, call):
        code = call.behaviour.failKeys.get(call.key)
        if code:
            raise S3Error(500 if code == "InternalError" else 403, code, f"{code} for this key")
        return Answer(204, self._delete(call, call.key, call.parameters.get("versionId")))

    def _delete(self, call, key, identifier):
        """Deletes by name, or one version; the headers of the answer."""
        bucket = call.bucket
        if identifier is None:
            marker = bucket.delete(key, call.now)
            return [] if marker is None else [("x-amz-delete-marker", "true"), *version_header(bucket, marker)]
        version = bucket.find(key, identifier)
        if version is None:
            return []
        bucket.remove(key, version)
        headers = [("x-amz-version-id", identifier)]
        return [("x-amz-delete-marker", "true"), *headers] if version.is_marker else headers

    # Buckets

    def _HeadBucket(self, call):
        if self.row.name == "r2":
            # Tokens for objects may not (s3-compat.md section 4).
            raise S3Error(403, "AccessDenied", "Access Denied")
        return Answer(200, [("x-amz-bucket-region", self.row.region)])

    def _DeleteObjects(self, call):
        if not self.row.has_bulk_delete:
            raise S3Error(*self.row.no_bulk_delete)
        has_checksum = any(name.startswith("x-amz-checksum-") for name, _ in call.request.headers)
        if call.request.header("content-md5") is None and not (has_checksum and self.row.name == "aws"):
            raise S3Error(400, "InvalidRequest", "Missing required header for this request: Content-MD5")
        check_md5(call.request)
        objects, is_quiet = parse_deletion(call.request.body)
        answers = []
        for key, identifier in objects:
            code = call.behaviour.failKeys.get(key)
            if code is None and not key.startswith(call.behaviour.allowedPrefix):
                code = "AccessDenied"
            if code:
                answers.append(element("Error", element("Key", key), element("Code", code),
                                       element("Message", f"{code} for this key")))
                continue
            headers = dict(self._delete(call, key, identifier))
            if not is_quiet:
                marker = element("DeleteMarker", "true") if "x-amz-delete-marker" in headers else ""
                answers.append(element("Deleted", element("Key", key), marker))
        return xml_answer(document("DeleteResult", *answers))

    def _ListObjectsV2(self, call):
        given, bucket = call.parameters, call.bucket
        prefix, delimiter = given.get("prefix", ""), given.get("delimiter", "")
        maximum = parse_maximum(given, call.behaviour)
        token = given.get("continuation-token")
        after = given.get("start-after", "") if token is None else decode_token(token)
        page = Page(maximum, delimiter, prefix)
        for key in bucket.names_from(max(prefix, after)):
            if not key.startswith(prefix):
                break
            version = bucket.latest(key)
            if version.is_marker or page.is_behind(key, after):
                continue
            if not page.add(key, version):
                break
        next_token = encode_token(page.last) if page.is_truncated else None
        if self._plays_tricks(call):
            page, next_token = self._trick(call, page, token, next_token)
        shown = encoder(given)
        contents = [
            element("Contents", element("Key", shown(key)), element("LastModified", iso_time(version.modified)),
                    element("ETag", f'"{version.etag}"'), element("Size", len(version.data)),
                    element("StorageClass", "STANDARD"))
            for key, version in page.items
        ]
        return xml_answer(document(
            "ListBucketResult", element("Name", bucket.name), element("Prefix", shown(prefix)),
            element("KeyCount", len(page.items) + len(page.prefixes)), element("MaxKeys", maximum),
            element("IsTruncated", "true" if next_token else "false"),
            *([element("ContinuationToken", token)] if token else []),
            *([element("NextContinuationToken", next_token)] if next_token else []),
            *([element("StartAfter", shown(given["start-after"]))] if "start-after" in given else []),
            *([element("Delimiter", shown(delimiter))] if delimiter else []),
            *([element("EncodingType", "url")] if given.get("encoding-type") else []),
            *contents,
            *(element("CommonPrefixes", element("Prefix", shown(each))) for each in page.prefixes),
        ))

    def _plays_tricks(self, call):
        wish = call.behaviour.repeatsListTokens
        return self.row.repeats_list_tokens if wish is None else wish

    def _trick(self, call, page, token, next_token):
        """RunPod (s3-compat.md section 3): once per prefix a later page repeats the token that it was asked for with,
        and once after that a page that goes on is empty although more follows, or seems to."""
        place = (call.bucket_name, call.parameters.get("prefix", ""))
        played = self.tricks.get(place, 0)
        is_later = token is not None or "start-after" in call.parameters
        if played == 0 and token is not None:
            self.tricks[place] = 1
            return page, token
        if played == 1 and is_later:
            self.tricks[place] = 2
            # A token that leads to the very page that was not given.
            start = decode_token(token) if token else call.parameters["start-after"]
            return Page(0, "", ""), token or encode_token(start)
        return page, next_token

    def _ListObjectVersions(self, call):
        if self.row.versions == "never":
            raise S3Error(501, "NotImplemented", "ListObjectVersions is not implemented.")
        given, bucket = call.parameters, call.bucket
        prefix, delimiter = given.get("prefix", ""), given.get("delimiter", "")
        key_marker, version_marker = given.get("key-marker", ""), given.get("version-id-marker")
        maximum = parse_maximum(given, call.behaviour)
        page = Page(maximum, delimiter, prefix)
        last = None
        for key, version in versions_after(bucket, prefix, key_marker, version_marker):
            if page.is_behind(key, key_marker) and key != key_marker:
                continue
            if not page.add(key, version):
                break
            last = (page.last, version.identifier)
        shown, entries = encoder(given), []
        for key, version in page.items:
            fields = [element("Key", shown(key)), element("VersionId", version.identifier),
                      element("IsLatest", "true" if bucket.latest(key) is version else "false"),
                      element("LastModified", iso_time(version.modified))]
            if version.is_marker:
                entries.append(element("DeleteMarker", *fields))
            else:
                entries.append(element("Version", *fields, element("ETag", f'"{version.etag}"'),
                                       element("Size", len(version.data)), element("StorageClass", "STANDARD")))
        following = []
        if page.is_truncated and last:
            following = [element("NextKeyMarker", shown(last[0])), element("NextVersionIdMarker", last[1])]
        return xml_answer(document(
            "ListVersionsResult", element("Name", bucket.name), element("Prefix", shown(prefix)),
            element("KeyMarker", shown(key_marker)), element("VersionIdMarker", version_marker or ""),
            element("MaxKeys", maximum), element("IsTruncated", "true" if following else "false"), *following, *entries,
            *(element("CommonPrefixes", element("Prefix", shown(each))) for each in page.prefixes),
        ))


class Page:
    """A page of a listing: items, and what their names begin with up to a delimiter."""

    def __init__(self, maximum, delimiter, prefix):
        self.maximum, self.delimiter, self.prefix = maximum, delimiter, prefix
        self.items, self.prefixes = [], []
        self.last, self.is_truncated = None, False

    def group(self, key):
        """The common prefix that stands for a key; None when it is listed itself."""
        head, found, _ = key[len(self.prefix):].partition(self.delimiter) if self.delimiter else (key, "", "")
        return self.prefix + head + found if found else None

    def is_behind(self, key, after):
        """Whether a key was on an earlier page, itself or as part of a common prefix that ended it."""
        return bool(after) and (key <= after or self.group(key) == after)

    def add(self, key, version):
        """False when the page is full, and so truncated."""
        group = self.group(key)
        if group is not None and group in self.prefixes[-1:]:
            return True
        if len(self.items) + len(self.prefixes) >= self.maximum:
            self.is_truncated = self.maximum > 0
            return False
        if group is None:
            self.items.append((key, version))
        else:
            self.prefixes.append(group)
        self.last = group or key
        return True


def versions_after(bucket, prefix, key_marker, version_marker):
    for key in bucket.names_from(max(prefix, key_marker)):
        if not key.startswith(prefix):
            return
        versions = bucket.versions[key]
        if key_marker and key == key_marker:
            if version_marker is None:
                continue
            identifiers = [each.identifier for each in versions]
            versions = versions[identifiers.index(version_marker) + 1:] if version_marker in identifiers else versions
        yield from ((key, version) for version in versions)


def redirection(call, redirect, signed_for):
    """What a bucket of another region answers."""
    status, region = redirect["status"], redirect["region"]
    headers = [("x-amz-bucket-region", region)] if redirect.get("header", True) else []
    if status == 400:
        return S3Error(400, "AuthorizationHeaderMalformed",
                       f"The authorization header is malformed; the region '{signed_for}' is wrong; "
                       f"expecting '{region}'", headers, Region=region)
    # A client that follows this blindly sends what it signed to a host that nobody checked; it is counted here.
    headers.append(("Location", f"http://{call.request.header('host')}/_trap{call.request.target}"))
    endpoint = f"{call.bucket_name}.s3.{region}.amazonaws.com"
    if status == 307:
        return S3Error(307, "TemporaryRedirect", "Please re-send this request to the specified temporary endpoint.",
                       headers, Endpoint=endpoint, Bucket=call.bucket_name)
    return S3Error(301, "PermanentRedirect",
                   "The bucket you are attempting to access must be addressed using the specified endpoint.",
                   headers, Endpoint=endpoint, Bucket=call.bucket_name)


def check_md5(request):
    text = request.header("content-md5")
    if text is None:
        return
    try:
        given = base64.b64decode(text, validate=True)
    except binascii.Error:
        given = b""
    if len(given) != 16:
        raise S3Error(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if given != hashlib.md5(request.body).digest():
        raise S3Error(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


def check_checksums(request):
    """The checksum headers that Amazon takes, as far as the standard library has the functions."""
    functions = {
        "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
        "x-amz-checksum-sha1": lambda body: hashlib.sha1(body).digest(),
        "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    }
    for name, text in request.headers:
        if not name.startswith("x-amz-checksum-"):
            continue
        function = functions.get(name)
        if function is None:
            raise S3Error(501, "NotImplemented", f"{name} cannot be checked here.")
        if text != base64.b64encode(function(request.body)).decode():
            raise S3Error(400, "BadDigest", f"The {name} you specified did not match what we received.")


def parse_range(text, size):
    """(start, stop) of a single range."""
    unit, _, span = text.partition("=")
    first, dash, last = span.partition("-")
    try:
        if unit != "bytes" or not dash or "," in span:
            raise ValueError
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
    except ValueError:
        raise S3Error(400, "InvalidArgument", "The range is not understood.") from None
    if start >= stop:
        raise S3Error(416, "InvalidRange", "The requested range is not satisfiable",
                      [("Content-Range", f"bytes */{size}")])
    return start, stop


def parse_deletion(body):
    """([(key, version id or None)], quiet) of the document of DeleteObjects."""
    malformed = S3Error(400, "MalformedXML",
                        "The XML you provided was not well-formed or did not validate against our published schema")
    try:
        root = xml.etree.ElementTree.fromstring(body)
    except xml.etree.ElementTree.ParseError:
        raise malformed from None

    def plain(node):
        return node.tag.rpartition("}")[2]

    objects, is_quiet = [], False
    for node in root:
        if plain(node) == "Quiet":
            is_quiet = (node.text or "").strip() == "true"
        elif plain(node) == "Object":
            parts = {plain(part): part.text or "" for part in node}
            if not parts.get("Key"):
                raise malformed
            objects.append((parts["Key"], parts.get("VersionId")))
    if plain(root) != "Delete" or not 1 <= len(objects) <= 1000:
        raise malformed
    return objects, is_quiet


def parse_maximum(given, behaviour):
    text = given.get("max-keys", "1000")
    if not text.isascii() or not text.isdigit():
        raise S3Error(400, "InvalidArgument", "max-keys is not a number")
    return min(int(text), behaviour.pageSize)


def encode_token(last):
    """Opaque, and with every character that a client might encode wrongly."""
    return "1/+=" + base64.b64encode(last.encode()).decode()


def decode_token(token):
    try:
        if not token.startswith("1/+="):
            raise ValueError
        return base64.b64decode(token[4:], validate=True).decode()
    except ValueError:
        raise S3Error(400, "InvalidArgument", "The continuation token provided is incorrect") from None


def encoder(given):
    if given.get("encoding-type") == "url":
        return lambda text: urllib.parse.quote(text, safe="/-_.~")
    return lambda text: text


def version_header(bucket, version):
    return [("x-amz-version-id", version.identifier)] if bucket.is_versioned else []


def xml_answer(body):
    return Answer(200, [("Content-Type", "application/xml")], body)
