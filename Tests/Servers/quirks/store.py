"""Buckets in memory. An object appears at once and whole."""
import bisect
import hashlib
import secrets
from dataclasses import dataclass


@dataclass
class Version:
    identifier: str
    modified: float
    data: bytes = b""
    etag: str = ""
    is_marker: bool = False
    #: Content-Type and x-amz-meta-*, which come back as they were sent.
    headers: tuple = (("content-type", "binary/octet-stream"),)


class Bucket:
    def __init__(self, name, is_versioned):
        self.name = name
        self.is_versioned = is_versioned
        #: Newest version first.
        self.versions = {}
        #: Python orders text by code points, which is the byte order of UTF-8.
        self.names = []

    def latest(self, key):
        """The newest version, which may be a delete marker; None when nothing is there."""
        return self.versions.get(key, [None])[0]

    def find(self, key, identifier):
        return next((each for each in self.versions.get(key, []) if each.identifier == identifier), None)

    def put(self, key, data, now, headers=Version.headers):
        version = Version(self._identifier(), now, data, hashlib.md5(data).hexdigest(), headers=headers)
        self._add(key, version)
        return version

    def delete(self, key, now):
        """By name alone: in a versioned bucket a marker hides the key, and is returned; elsewhere the bytes go."""
        if self.is_versioned:
            marker = Version(self._identifier(), now, is_marker=True)
            self._add(key, marker)
            return marker
        for version in self.versions.get(key, []):
            self.remove(key, version)
        return None

    def remove(self, key, version):
        """One version for good."""
        rest = [each for each in self.versions[key] if each is not version]
        if rest:
            self.versions[key] = rest
        else:
            del self.versions[key]
            del self.names[bisect.bisect_left(self.names, key)]

    def names_from(self, start):
        """Names that are not before `start`, in byte order."""
        index = bisect.bisect_left(self.names, start)
        while index < len(self.names):
            yield self.names[index]
            index += 1

    def _add(self, key, version):
        if key not in self.versions:
            bisect.insort(self.names, key)
        older = self.versions.get(key, []) if self.is_versioned else []
        self.versions[key] = [version, *older]

    def _identifier(self):
        return "4_z" + secrets.token_hex(16) if self.is_versioned else "null"
