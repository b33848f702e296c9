"""Who sends a request, whether it is what was signed, and whether this key may."""
import calendar
import time

from . import sigv4
from .behaviour import covers
from .documents import S3Error, iso_time

#: Must be signed when they are sent; so must every x-amz-*.
SIGNED_WHEN_SENT = ("host", "content-type", "content-md5", "range", "if-match", "if-none-match")
CAP = "Cannot complete the request, cap exceeded. See the Caps & Alerts page to increase your cap."


class Gate:
    """What stands before every operation."""

    def __init__(self, row, identities, buckets):
        self.row, self.identities, self.buckets = row, identities, buckets

    def authenticate(self, call):
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
            raise S3Error(403, "InvalidAccessKeyId",
                          "The AWS Access Key Id you provided does not exist in our records.",
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

    def authorize(self, call):
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


def parse_timestamp(text):
    try:
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise S3Error(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from None


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
