"""The control interface, unsigned, in JSON. `?bucket=B` narrows to a bucket; without it the whole server is meant.

PUT    /_control/behaviour          sets the given fields of behaviour.Behaviour, answers all of them
DELETE /_control/behaviour          back to normal
GET    /_control/stats              what was asked, behaviour.Seen and behaviour.Traffic
DELETE /_control/stats              counts anew
POST   /_control/buckets            {"name", "versioned"}: makes a bucket
GET    /_control/objects?bucket=B   [{"key", "byteCount", "etag", "versions", "markers", "isDeleted"}]
PUT    /_control/objects?bucket=B   {"key", "text" | "hex", "metadata": {}}: plants an object; {"key", "flip": offset}: damages a byte
                                    of it and keeps its ETag; {"key", "remove": true}: as if it had never been;
                                    {"key", "age": seconds}: as if it had been put that much earlier
POST   /_control/close-idle         closes the connections that wait for a request
POST   /_control/credentials        new temporary credentials, {"lifetimeSeconds": 3600}
"""
import dataclasses
import json

from .behaviour import Behaviour, Seen, Traffic
from .native import json_answer
from .store import Bucket, Version


def answer(server, request, now):
    try:
        value = (json.loads(request.body) if request.body else None) or {}
        return json_answer(perform(server, request, value, now))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return json_answer({"error": f"{type(error).__name__}: {error}"}, 400)


def perform(server, request, value, now):
    scope = request.parameters.get("bucket", "")
    match request.method, request.path.removeprefix("/_control/"):
        case "PUT", "behaviour":
            behaviour = server.behaviour(scope)
            behaviour.update(value)
            if behaviour.expireToken:
                behaviour.expireToken = False
                server.identities.expire_tokens(now)
            return dataclasses.asdict(behaviour)
        case "DELETE", "behaviour":
            server.behaviour(scope).update(dataclasses.asdict(Behaviour()))
            return {}
        case "GET", "stats":
            return {**server.seen(scope).json(), **server.traffic.json()}
        case "DELETE", "stats":
            if scope:
                server.all_seen[scope] = Seen()
            else:
                server.all_seen.clear()
                server.traffic.__dict__.update(Traffic(open_connections=server.traffic.open_connections).__dict__)
            return {}
        case "POST", "buckets":
            is_versioned = value.get("versioned", server.row.versions == "always")
            if is_versioned and server.row.versions == "never":
                raise ValueError("this provider has no versions")
            server.buckets[value["name"]] = Bucket(value["name"], is_versioned)
            return {}
        case "GET", "objects":
            return [describe(server.buckets[scope], key) for key in server.buckets[scope].names]
        case "PUT", "objects":
            change(server.buckets[scope], value, now)
            return {}
        case "POST", "close-idle":
            return {"closed": server.listener.close_idle()}
        case "POST", "credentials":
            return dataclasses.asdict(server.identities.issue(now, value.get("lifetimeSeconds", 3600)))
    raise ValueError(f"no such control: {request.method} {request.path}")


def describe(bucket, key):
    versions = bucket.versions[key]
    return {"key": key, "byteCount": len(versions[0].data), "etag": versions[0].etag, "versions": len(versions),
            "markers": sum(each.is_marker for each in versions), "isDeleted": versions[0].is_marker}


def change(bucket, value, now):
    key = value["key"]
    if value.get("remove"):
        for version in bucket.versions.get(key, []):
            bucket.remove(key, version)
    elif "age" in value:
        bucket.versions[key][0].modified -= value["age"]
    elif "flip" in value:
        version = bucket.versions[key][0]
        data = bytearray(version.data)
        data[value["flip"]] ^= 1
        version.data = bytes(data)
    else:
        data = bytes.fromhex(value["hex"]) if "hex" in value else value["text"].encode()
        metadata = {f"x-amz-meta-{name}": text for name, text in value.get("metadata", {}).items()}
        bucket.put(key, data, now, (*Version.headers, *metadata.items()))
