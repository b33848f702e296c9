#!/usr/bin/env python3
"""quirks3-selftest.py - checks quirks3.py with boto3 as a client that knows nothing of it, and with raw requests.

    quirks3-selftest.py     starts its own servers; needs boto3, as in the virtual environment of moto.sh
"""
import base64
import hashlib
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError
except ImportError:
    sys.exit("skipped: boto3 is not installed")

from quirks import sigv4

HERE = pathlib.Path(__file__).resolve().parent
KEY, SECRET = "key/with+slash", "secret"
ROWS = {
    "aws": {"regionRule": "configured", "versions": "possible"},
    "b2": {"regionRule": "endpointLabel", "versions": "always", "idleSeconds": 4},
    "r2": {"regionRule": "auto", "limitsWritesPerKey": True},
    "gcs": {"regionRule": "auto", "hasBulkDelete": False},
    "runpod": {"regionRule": "dataCenter", "hasBulkDelete": False, "repeatsListTokens": True,
               "maximumPutByteCount": 1000},
    "generic": {"regionRule": "configured"},
}
REGIONS = {"aws": "us-east-1", "b2": "us-west-004", "r2": "auto", "gcs": "auto", "runpod": "EU-RO-1",
           "generic": "us-east-1"}
DEFAULTS = {"hasBulkDelete": True, "versions": "never", "maximumPutByteCount": 5 << 30, "idleSeconds": 15,
            "limitsWritesPerKey": False, "repeatsListTokens": False}


class Server:
    def __init__(self, name):
        self.name = name
        self.directory = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.directory.name)
        (folder / "row.json").write_text(json.dumps({**DEFAULTS, **ROWS[name], "name": name}))
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "quirks3.py"), "--provider", str(folder / "row.json"), "--port", "0",
             "--port-file", str(folder / "port"), "--key", KEY, "--secret", SECRET, "--idle-scale", "0.02",
             "--bucket", "data"])
        while not (folder / "port").exists():
            if self.process.poll() is not None:
                raise RuntimeError("quirks3.py ended early")
            time.sleep(0.01)
        self.port = int((folder / "port").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()

    def client(self, secret=SECRET, region=None, key=KEY):
        return boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.port}", region_name=region or REGIONS[self.name],
            aws_access_key_id=key, aws_secret_access_key=secret,
            config=Config(s3={"addressing_style": "path", "payload_signing_enabled": True}, proxies={},
                          retries={"max_attempts": 1}, request_checksum_calculation="when_required",
                          response_checksum_validation="when_required"))

    def control(self, method, call, value=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, f"/_control/{call}", json.dumps(value or {}))
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError(body)
        return body

    def raw(self, method, path, body=b"", query="", headers=None, signed_body=None, connection=None,
            region=None):
        """(status, headers, body) of a request that is signed here, with whatever a client should not send."""
        payload = hashlib.sha256(body if signed_body is None else signed_body).hexdigest()
        all_headers = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": payload,
                       "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), **(headers or {})}
        all_headers["authorization"] = sigv4.sign(method, path, query, list(all_headers.items()), payload, KEY, SECRET,
                                                  region or REGIONS[self.name])
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path + ("?" + query if query else ""), body, all_headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()


class Case(unittest.TestCase):
    def server(self, name):
        server = Server(name)
        self.addCleanup(server.stop)
        return server

    def assertRefused(self, code, call, status=None):
        with self.assertRaises(ClientError) as caught:
            call()
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        if status:
            self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)

    def assertAnswer(self, answer, status, code):
        self.assertEqual(answer[0], status, answer[2])
        self.assertIn(f"<Code>{code}</Code>", answer[2])


class Objects(Case):
    def test_objects_come_back_for_every_provider(self):
        for name in ROWS:
            with self.subTest(name):
                client = self.server(name).client()
                for key in ("a", "ü b/+&=%?'()*~", "x/y.z"):
                    body = key.encode() * 10
                    etag = client.put_object(Bucket="data", Key=key, Body=body)["ETag"]
                    self.assertEqual(etag, f'"{hashlib.md5(body).hexdigest()}"')
                    self.assertEqual(client.get_object(Bucket="data", Key=key)["Body"].read(), body)
                    self.assertEqual(client.head_object(Bucket="data", Key=key)["ContentLength"], len(body))
                    client.delete_object(Bucket="data", Key=key)
                    self.assertRefused("NoSuchKey", lambda: client.get_object(Bucket="data", Key=key), 404)
                    self.assertRefused("404", lambda: client.head_object(Bucket="data", Key=key), 404)
                self.assertRefused("NoSuchBucket", lambda: client.get_object(Bucket="other", Key="a"), 404)
                self.assertRefused("AccessDenied", client.list_buckets, 403)

    def test_a_range_is_obeyed(self):
        client = self.server("aws").client()
        client.put_object(Bucket="data", Key="a", Body=b"0123456789")
        answer = client.get_object(Bucket="data", Key="a", Range="bytes=2-4")
        self.assertEqual((answer["Body"].read(), answer["ContentRange"]), (b"234", "bytes 2-4/10"))
        self.assertEqual(client.get_object(Bucket="data", Key="a", Range="bytes=-3")["Body"].read(), b"789")
        self.assertRefused("InvalidRange", lambda: client.get_object(Bucket="data", Key="a", Range="bytes=10-"), 416)

    def test_conditional_puts(self):
        client = self.server("aws").client()
        client.put_object(Bucket="data", Key="a", Body=b"1", IfNoneMatch="*")
        again = lambda: client.put_object(Bucket="data", Key="a", Body=b"2", IfNoneMatch="*")
        self.assertRefused("PreconditionFailed", again, 412)
        b2 = self.server("b2").client()
        self.assertRefused("NotImplemented", lambda: b2.put_object(Bucket="data", Key="a", IfNoneMatch="*"), 501)


class Listings(Case):
    def keys(self, client, **arguments):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="data", **arguments)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def test_copies(self):
        for name in ROWS:
            client = self.client(name)
            made = client.put_object(Bucket="data", Key="from/é +", Body=b"abc", Metadata={"mtime": "1.5"})
            source = {"Bucket": "data", "Key": "from/é +"}
            copied = client.copy_object(Bucket="data", Key="to", CopySource=source, CopySourceIfMatch=made["ETag"])
            self.assertEqual(copied["CopyObjectResult"]["ETag"], made["ETag"])
            answer = client.get_object(Bucket="data", Key="to")
            self.assertEqual((answer["Body"].read(), answer["Metadata"]), (b"abc", {"mtime": "1.5"}))
            with self.assertRaisesRegex(ClientError, "PreconditionFailed"):
                client.copy_object(Bucket="data", Key="to", CopySource=source, CopySourceIfMatch='"0"')
            with self.assertRaisesRegex(ClientError, "NoSuchKey"):
                client.copy_object(Bucket="data", Key="to", CopySource={"Bucket": "data", "Key": "nothing"})

    def test_pages_prefixes_and_order(self):
        # Not r2, for which boto waits a second for each 100 Continue.
        client = self.server("aws").client()
        names = sorted([f"p/{n}" for n in range(25)] + ["a", "p", "q/1", "p-/1", "ü", "\U0001F600", "\uffee"],
                       key=str.encode)
        for name in reversed(names):
            client.put_object(Bucket="data", Key=name, Body=b"x")
        self.assertEqual(self.keys(client, PaginationConfig={"PageSize": 4}), names)
        inside = [name for name in names if name.startswith("p/")]
        self.assertEqual(self.keys(client, Prefix="p/", PaginationConfig={"PageSize": 7}), inside)
        self.assertEqual(self.keys(client, Prefix="p/", StartAfter="p/15"), [n for n in inside if n > "p/15"])
        for size in (1, 2, 3, 1000):
            pages = list(client.get_paginator("list_objects_v2").paginate(
                Bucket="data", Delimiter="/", PaginationConfig={"PageSize": size}))
            groups = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
            plain = [each["Key"] for page in pages for each in page.get("Contents", [])]
            self.assertEqual((groups, plain), (["p-/", "p/", "q/"], [n for n in names if "/" not in n]))
        self.assertRefused("InvalidArgument", lambda: client.list_objects_v2(Bucket="data", ContinuationToken="1"), 400)

    def test_runpod_repeats_a_token_and_gives_an_empty_page(self):
        client = self.server("runpod").client()
        names = [f"p/{n:02}" for n in range(10)]
        for name in names:
            client.put_object(Bucket="data", Key=name, Body=b"x")
        first = client.list_objects_v2(Bucket="data", MaxKeys=4)
        token = first["NextContinuationToken"]
        again = client.list_objects_v2(Bucket="data", MaxKeys=4, ContinuationToken=token)
        self.assertEqual(again["NextContinuationToken"], token)
        self.assertEqual(again["Contents"][-1]["Key"], "p/07")
        empty = client.list_objects_v2(Bucket="data", MaxKeys=4, StartAfter="p/07")
        self.assertEqual((empty["IsTruncated"], empty.get("Contents", [])), (True, []))
        last = client.list_objects_v2(Bucket="data", MaxKeys=4, StartAfter="p/07")
        self.assertEqual([each["Key"] for each in last["Contents"]], ["p/08", "p/09"])
        self.assertFalse(last["IsTruncated"])


class Deletions(Case):
    def bulk(self, server, keys, quiet="true", **headers):
        body = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
        body = f"<Delete><Quiet>{quiet}</Quiet>{body}</Delete>".encode()
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        return server.raw("POST", "/data", body, "delete=", {"content-md5": md5, **headers})

    def test_boto_deletes_in_bulk(self):
        client = self.server("aws").client()
        for name in "abc":
            client.put_object(Bucket="data", Key=name, Body=b"x")
        client.delete_objects(Bucket="data", Delete={"Objects": [{"Key": "a"}, {"Key": "c"}, {"Key": "none"}]})
        self.assertEqual([each["Key"] for each in client.list_objects_v2(Bucket="data")["Contents"]], ["b"])

    def test_bulk_deletion_is_checked_and_answers_by_key(self):
        server = self.server("r2")
        for name in ("a", "b", "&amp;"):
            server.control("PUT", "objects?bucket=data", {"key": name.replace("&amp;", "&"), "text": "x"})
        server.control("PUT", "behaviour?bucket=data", {"failKeys": {"b": "AccessDenied"}})
        status, _, body = self.bulk(server, ["a", "b", "&amp;"])
        self.assertEqual(status, 200)
        self.assertNotIn("<Deleted>", body)
        self.assertIn("<Error><Key>b</Key><Code>AccessDenied</Code>", body)
        self.assertEqual([each["key"] for each in server.control("GET", "objects?bucket=data")], ["b"])
        self.assertAnswer(server.raw("POST", "/data", b"<Delete/>", "delete="), 400, "InvalidRequest")
        self.assertAnswer(self.bulk(server, []), 400, "MalformedXML")
        wrong = {"content-md5": base64.b64encode(bytes(16)).decode()}
        self.assertAnswer(self.bulk(server, ["a"], **wrong), 400, "BadDigest")
        self.assertAnswer(self.bulk(self.server("runpod"), ["a"]), 405, "MethodNotAllowed")
        self.assertAnswer(self.bulk(self.server("gcs"), ["a"]), 501, "NotImplemented")

    def test_b2_keeps_versions_and_hides(self):
        server = self.server("b2")
        client = server.client()
        client.put_object(Bucket="data", Key="a", Body=b"1")
        client.put_object(Bucket="data", Key="a", Body=b"22")
        self.assertTrue(client.delete_object(Bucket="data", Key="a")["DeleteMarker"])
        status, headers, _ = server.raw("GET", "/data/a")
        self.assertEqual((status, headers.get("x-amz-delete-marker")), (404, "true"))
        self.assertEqual(headers["keep-alive"], "timeout=5")
        self.assertEqual(client.list_objects_v2(Bucket="data")["KeyCount"], 0)
        pages = list(client.get_paginator("list_object_versions").paginate(
            Bucket="data", PaginationConfig={"PageSize": 1}))
        versions = [each for page in pages for each in page.get("Versions", [])]
        markers = [each for page in pages for each in page.get("DeleteMarkers", [])]
        self.assertEqual(([each["Size"] for each in versions], len(markers)), ([2, 1], 1))
        old = client.get_object(Bucket="data", Key="a", VersionId=versions[1]["VersionId"])
        self.assertEqual(old["Body"].read(), b"1")
        client.delete_object(Bucket="data", Key="a", VersionId=markers[0]["VersionId"])
        self.assertEqual(client.get_object(Bucket="data", Key="a")["Body"].read(), b"22")
        for each in versions:
            client.delete_object(Bucket="data", Key="a", VersionId=each["VersionId"])
        self.assertEqual(server.control("GET", "objects?bucket=data"), [])


class Judgements(Case):
    def test_who_is_refused(self):
        server = self.server("aws")
        put = lambda client: lambda: client.put_object(Bucket="data", Key="a", Body=b"x")
        self.assertRefused("SignatureDoesNotMatch", put(server.client(secret="wrong")), 403)
        self.assertRefused("InvalidAccessKeyId", put(server.client(key="nobody")), 403)
        # boto signs again for the region that it is told.
        self.assertAnswer(server.raw("PUT", "/data/b", b"x", region="eu-west-1"), 400, "AuthorizationHeaderMalformed")
        self.assertRefused("InvalidRegionName", put(self.server("r2").client(region="eu-west-1")), 400)
        server.control("PUT", "behaviour", {"clockOffsetSeconds": 1200})
        self.assertRefused("RequestTimeTooSkewed", put(server.client()), 403)
        self.assertEqual(server.control("GET", "objects?bucket=data"), [])

    def test_a_body_that_was_not_signed_is_not_stored(self):
        server = self.server("aws")
        self.assertAnswer(server.raw("PUT", "/data/a", b"x", signed_body=b"y"), 400, "XAmzContentSHA256Mismatch")
        md5 = base64.b64encode(bytes(16)).decode()
        self.assertAnswer(server.raw("PUT", "/data/a", b"x", headers={"content-md5": md5}), 400, "BadDigest")
        self.assertAnswer(self.server("runpod").raw("PUT", "/data/a", bytes(1001)), 400, "EntityTooLarge")
        self.assertEqual(server.control("GET", "objects?bucket=data"), [])

    def test_refused_headers(self):
        for name, header, status, code in (
            ("b2", "x-amz-checksum-crc32", 400, "InvalidArgument"), ("b2", "x-amz-acl", 403, "AccessDenied"),
            ("r2", "x-amz-tagging", 501, "NotImplemented"),
            ("r2", "x-amz-sdk-checksum-algorithm", 501, "NotImplemented"),
            ("gcs", "accept-encoding", 403, "SignatureDoesNotMatch"),
        ):
            with self.subTest(name=name, header=header):
                self.assertAnswer(self.server(name).raw("PUT", "/data/a", b"x", headers={header: "x"}), status, code)

    def test_bodies_need_a_length(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server("b2").port, timeout=10)
        connection.request("PUT", "/data/a", iter([b"x"]), encode_chunked=True)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 411)
        self.assertIn(b"MissingContentLength", answer.read())

    def test_a_key_that_is_written_too_often(self):
        server = self.server("r2")
        self.assertEqual(server.raw("PUT", "/data/a", b"1")[0], 200)
        self.assertAnswer(server.raw("PUT", "/data/a", b"2"), 429, "TooManyRequests")
        self.assertEqual(server.raw("PUT", "/data/b", b"2")[0], 200)
        server.control("PUT", "behaviour?bucket=data", {"writeIntervalSeconds": 0})
        self.assertEqual(server.raw("PUT", "/data/a", b"2")[0], 200)


class Control(Case):
    def test_injected_answers(self):
        server = self.server("aws")
        server.control("PUT", "behaviour?bucket=data", {"nextErrors": [
            {"status": 503, "code": "SlowDown", "retryAfter": 7, "operation": "PUT", "count": 2}]})
        self.assertEqual(server.raw("GET", "/data/a")[0], 404)
        for _ in range(2):
            status, headers, body = server.raw("PUT", "/data/a", b"x")
            self.assertEqual((status, headers["retry-after"]), (503, "7"))
        self.assertEqual(server.raw("PUT", "/data/a", b"x")[0], 200)
        server.control("PUT", "behaviour?bucket=data", {"denied": ["LIST"], "cap": ["PUT"], "allowedPrefix": "p/"})
        self.assertAnswer(server.raw("GET", "/data", query="list-type=2&prefix=p%2F"), 403, "AccessDenied")
        self.assertIn("cap exceeded", server.raw("PUT", "/data/p/a", b"x")[2])
        self.assertEqual([server.raw("GET", "/data/" + name)[0] for name in ("a", "p/a")], [403, 404])
        server.control("DELETE", "behaviour?bucket=data")
        server.control("PUT", "behaviour?bucket=data", {"html": 502})
        self.assertIn("<html>", server.raw("GET", "/data/a")[2])
        with self.assertRaises(ValueError):
            server.control("PUT", "behaviour", {"denyed": []})

    def test_redirects(self):
        server = self.server("aws")
        for status in (301, 307, 400):
            server.control("PUT", "behaviour?bucket=data", {"redirect": {"status": status, "region": "eu-central-1"}})
            answer = server.raw("GET", "/data/a")
            self.assertEqual((answer[0], answer[1]["x-amz-bucket-region"]), (status, "eu-central-1"))
            self.assertEqual(server.raw("HEAD", "/data/a")[2], "")
        client = server.client(region="eu-central-1")
        client.put_object(Bucket="data", Key="a", Body=b"x")

    def test_connections_are_kept_and_closed_when_idle(self):
        server = self.server("b2")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        for _ in range(3):
            server.raw("PUT", "/data/a", b"x", connection=connection)
        stats = server.control("GET", "stats")
        self.assertEqual((stats["connections"], stats["operations"]), (1, {"PutObject": 3}))
        self.assertIn("x-amz-date", stats["headerNames"])
        self.assertEqual(connection.sock.recv(1), b"")

    def test_temporary_credentials_expire(self):
        server = self.server("aws")
        given = server.control("POST", "credentials")
        client = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{server.port}", region_name="us-east-1",
            aws_access_key_id=given["key_id"], aws_secret_access_key=given["secret"],
            aws_session_token=given["token"], config=Config(proxies={}, retries={"max_attempts": 1},
                                                            s3={"addressing_style": "path"}))
        client.put_object(Bucket="data", Key="a", Body=b"x")
        server.control("PUT", "behaviour", {"expireToken": True})
        self.assertRefused("ExpiredToken", lambda: client.get_object(Bucket="data", Key="a"), 400)


class Native(Case):
    def get(self, server, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request(method, path, headers=headers or {}, body=b"" if method == "PUT" else None)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_b2_tells_its_endpoint(self):
        server = self.server("b2")
        pair = {"authorization": "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()}
        server.control("PUT", "behaviour", {"b2Allowed": {"buckets": [{"id": "1", "name": "data"}]}})
        status, body = self.get(server, "/b2api/v4/b2_authorize_account", pair)
        storage = json.loads(body)["apiInfo"]["storageApi"]
        self.assertEqual((status, storage["s3ApiUrl"]), (200, f"http://127.0.0.1:{server.port}"))
        self.assertEqual(storage["allowed"]["buckets"], [{"id": "1", "name": "data"}])
        flat = json.loads(self.get(server, "/b2api/v3/b2_authorize_account", pair)[1])["apiInfo"]["storageApi"]
        self.assertEqual(flat["bucketName"], "data")
        old = json.loads(self.get(server, "/b2api/v2/b2_authorize_account", pair)[1])
        self.assertEqual(old["allowed"]["bucketId"], "1")
        wrong = {"authorization": "Basic " + base64.b64encode(b"a:b").decode()}
        self.assertEqual(self.get(server, "/b2api/v4/b2_authorize_account", wrong)[0], 401)
        server.control("PUT", "behaviour", {"b2Error": {"status": 403, "code": "transaction_cap_exceeded"}})
        self.assertEqual(self.get(server, "/b2api/v4/b2_authorize_account", pair)[0], 403)

    def test_metadata_services(self):
        server = self.server("aws")
        base = "/latest/meta-data/iam/security-credentials/"
        self.assertEqual(self.get(server, base)[0], 401)
        token = self.get(server, "/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "60"}, "PUT")[1].decode()
        headers = {"x-aws-ec2-metadata-token": token}
        role = self.get(server, base, headers)[1].decode()
        given = json.loads(self.get(server, base + role, headers)[1])
        self.assertLessEqual({"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}, set(given))
        server.control("PUT", "behaviour", {"metadata": {"authorization": "secret"}})
        self.assertEqual(self.get(server, "/v2/credentials/1")[0], 401)
        self.assertEqual(self.get(server, "/v2/credentials/1", {"authorization": "secret"})[0], 200)


if __name__ == "__main__":
    # Connections are left to the collector.
    unittest.main(warnings="ignore")
