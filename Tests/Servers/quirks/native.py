"""What surrounds S3 on the same port: B2's b2_authorize_account, and the metadata services of AWS."""
import base64
import binascii
import json
import re
import secrets
import time

from .wire import Answer

ALLOWED = {
    "capabilities": ["listBuckets", "listFiles", "readFiles", "writeFiles", "deleteFiles"],
    "buckets": None, "namePrefix": None,
}
IMDS = "/latest/meta-data/iam/security-credentials/"


def json_answer(value, status=200, headers=()):
    return Answer(status, [("Content-Type", "application/json"), *headers], json.dumps(value).encode())


class NativeServices:
    def __init__(self, identities, behaviour, endpoint):
        self.identities, self.behaviour = identities, behaviour
        #: Gives `http://127.0.0.1:port`.
        self.endpoint = endpoint
        self.imds_tokens = set()

    def handles(self, path):
        return path.startswith(("/b2api/", "/latest/", "/v2/credentials/"))

    def answer(self, request, now):
        if request.path.startswith("/b2api/"):
            return self._authorize_account(request)
        if request.path.startswith("/latest/"):
            return self._instance_metadata(request, now)
        return self._container_credentials(request, now)

    # Backblaze (providers.md section 1)

    def _authorize_account(self, request):
        found = re.fullmatch(r"/b2api/v([1-4])/b2_authorize_account", request.path)
        error = self.behaviour.b2Error
        if not found or request.method not in ("GET", "POST"):
            error = {"status": 404, "code": "not_found", "message": "no such call"}
        elif not error and not self._has_pair(request):
            error = {"status": 401, "code": "unauthorized", "message": "invalid application key id or key"}
        if error:
            return json_answer({"status": error["status"], "code": error["code"],
                                "message": error.get("message", error["code"])}, error["status"])
        url = self.endpoint()
        urls = {"apiUrl": url, "downloadUrl": url, "s3ApiUrl": url, "recommendedPartSize": 100000000,
                "absoluteMinimumPartSize": 5000000}
        allowed = {**ALLOWED, **(self.behaviour.b2Allowed or {})}
        bucket = (allowed["buckets"] or [{"id": None, "name": None}])[0]
        account = {"accountId": "0123456789ab", "authorizationToken": "4_" + secrets.token_hex(16)}
        version = int(found[1])
        flat = {"capabilities": allowed["capabilities"], "bucketId": bucket["id"], "bucketName": bucket["name"],
                "namePrefix": allowed["namePrefix"]}
        if version == 4:
            return json_answer({**account, "apiInfo": {"storageApi": {**urls, "allowed": allowed}, "groupsApi": {}},
                                "applicationKeyExpirationTimestamp": None})
        if version == 3:
            return json_answer({**account, "apiInfo": {"storageApi": {**urls, **flat}}})
        return json_answer({**account, **urls, "allowed": flat})

    def _has_pair(self, request):
        kind, _, text = (request.header("authorization") or "").partition(" ")
        try:
            key_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        identity = self.identities.by_key.get(key_id)
        return kind == "Basic" and identity is not None and identity.secret == secret

    # Amazon (providers.md section 3)

    def _instance_metadata(self, request, now):
        role = self.behaviour.metadata.get("role", "replaycache-role")
        if request.path == "/latest/api/token":
            seconds = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
            if request.method != "PUT" or not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
                return Answer(400)
            if request.header("x-forwarded-for") is not None:
                return Answer(403)
            token = secrets.token_urlsafe(40)
            self.imds_tokens.add(token)
            return Answer(200, [("Content-Type", "text/plain"), ("x-aws-ec2-metadata-token-ttl-seconds", seconds)],
                          token.encode())
        if request.method != "GET" or request.header("x-aws-ec2-metadata-token") not in self.imds_tokens:
            return Answer(401)
        if role is None or request.path not in (IMDS, IMDS + role):
            return Answer(404)
        if request.path == IMDS:
            return Answer(200, [("Content-Type", "text/plain")], role.encode())
        return json_answer({"Code": "Success", "Type": "AWS-HMAC", **self._issue(now)})

    def _container_credentials(self, request, now):
        wanted = self.behaviour.metadata.get("authorization")
        if wanted is not None and request.header("authorization") != wanted:
            return Answer(401)
        return json_answer({"RoleArn": "arn:aws:iam::123456789012:role/test", **self._issue(now)})

    def _issue(self, now):
        wish = self.behaviour.metadata
        identity = self.identities.issue(now, wish.get("lifetimeSeconds", 3600), wish.get("secret"), wish.get("token"))

        def text(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

        return {"AccessKeyId": identity.key_id, "SecretAccessKey": identity.secret, "Token": identity.token,
                "Expiration": text(identity.expires), "LastUpdated": text(now)}
