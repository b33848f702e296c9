"""The operations of S3 as one provider has them."""
import secrets
import time
import urllib.parse
from email.utils import formatdate

from .access import Gate
from .checks import check_checksums, check_md5, parse_deletion, parse_range
from .documents import S3Error, document, element, error_answer, iso_time, xml_answer
from .listing import Lister
from .wire import Answer

#: Query parameters, beside x-id, of the operations that exist here.
PARAMETERS = {
    "PutObject": (), "GetObject": ("versionId",), "HeadObject": ("versionId",), "DeleteObject": ("versionId",),
    "CopyObject": (),
    "HeadBucket": (), "DeleteObjects": ("delete",),
    "ListObjectsV2": ("list-type", "prefix", "start-after", "max-keys", "continuation-token", "delimiter",
                      "encoding-type", "fetch-owner"),
    "ListObjectVersions": ("versions", "prefix", "key-marker", "version-id-marker", "max-keys", "delimiter",
                           "encoding-type"),
}


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
        if is_plain and request.header("x-amz-copy-source"):
            return "CopyObject" if method == "PUT" else "Other"
        return plain[method] if is_plain else "Other"
    if method == "GET" and "versions" in names:
        return "ListObjectVersions"
    if method == "GET" and request.parameters.get("list-type") == "2":
        return "ListObjectsV2"
    if method == "POST" and "delete" in names:
        return "DeleteObjects"
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "Other")


class S3Service:
    def __init__(self, row, identities, buckets):
        self.row, self.buckets = row, buckets
        self.gate = Gate(row, identities, buckets)
        lister = Lister(row)
        self.operations = {
            "PutObject": self.put, "CopyObject": self.copy, "GetObject": self.get, "HeadObject": self.head, "DeleteObject": self.delete,
            "HeadBucket": self.head_bucket, "DeleteObjects": self.delete_many,
            "ListObjectsV2": lister.objects, "ListObjectVersions": lister.versions,
        }
        #: When each key was last written, for the limit on writes.
        self.written = {}

    def body_limit(self, request, behaviour):
        return self.row.maximum_put if behaviour.maximumPutByteCount is None else behaviour.maximumPutByteCount

    def answer(self, call):
        try:
            self.gate.authenticate(call)
            self.gate.authorize(call)
            operation = self.operations.get(call.operation)
            if operation is None:
                raise S3Error(501, "NotImplemented", f"{call.operation} is not implemented.")
            self._check_parameters(call)
            answer = operation(call)
        except S3Error as error:
            answer = error_answer(error, call.request.path, call.request.method == "HEAD")
        answer.headers += [("x-amz-request-id", secrets.token_hex(8)), ("Server", "quirks3")]
        if self.row.name == "b2":
            answer.headers.append(("Keep-Alive", f"timeout={self.row.idle_seconds + 1}"))
        return answer

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

    def put(self, call):
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

    def copy(self, call):
        """CopyObject: the metadata goes along."""
        request, bucket = call.request, call.bucket
        name, _, key = urllib.parse.unquote(request.header("x-amz-copy-source")).removeprefix("/").partition("/")
        wanted = request.header("x-amz-copy-source-if-match")
        if wanted is not None and not call.behaviour.copyTakesConditions:
            raise S3Error(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
        if request.body:
            raise S3Error(400, "InvalidRequest", "A copy has no body.")
        source = self.buckets.get(name)
        version = source.latest(key) if source else None
        if version is None or version.is_marker:
            raise S3Error(404, "NoSuchKey" if source else "NoSuchBucket", "There is no such source.", Key=key)
        if wanted is not None and wanted.strip('"') != version.etag:
            raise S3Error(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        if len(version.data) > self.body_limit(request, call.behaviour):
            raise S3Error(400, "InvalidRequest", "The specified copy source is larger than the maximum allowable size")
        self._check_write_rate(call)
        made = bucket.put(call.key, version.data, call.now, version.headers)
        return xml_answer(document("CopyObjectResult", element("LastModified", iso_time(made.modified)),
                                   element("ETag", f'"{made.etag}"')))

    def _check_write_rate(self, call):
        place = (call.bucket_name, call.key)
        # Not `call.now`: a test may move that clock.
        now = time.monotonic()
        if self.row.limits_writes_per_key and now - self.written.get(place, -1e9) < call.behaviour.writeIntervalSeconds:
            raise S3Error(429, "TooManyRequests",
                          "Reduce your concurrent request rate for the same object.", [("Retry-After", "1")])
        self.written[place] = now

    def get(self, call):
        bucket, version = call.bucket, self._readable(call)
        headers = self._object_headers(bucket, version)
        text = call.request.header("range")
        if text is None:
            return Answer(200, headers, version.data)
        size = len(version.data)
        start, stop = parse_range(text, size)
        headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
        return Answer(206, headers, version.data[start:stop])

    def head(self, call):
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

    def delete(self, call):
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

    def head_bucket(self, call):
        if self.row.name == "r2":
            # Tokens for objects may not (s3-compat.md section 4).
            raise S3Error(403, "AccessDenied", "Access Denied")
        return Answer(200, [("x-amz-bucket-region", self.row.region)])

    def delete_many(self, call):
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


def version_header(bucket, version):
    return [("x-amz-version-id", version.identifier)] if bucket.is_versioned else []
