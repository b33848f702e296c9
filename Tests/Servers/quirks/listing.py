"""Listings: pages, tokens, and the tricks that RunPod plays with them."""
import base64
import urllib.parse

from .documents import S3Error, document, element, iso_time, xml_answer


class Lister:
    def __init__(self, row):
        self.row = row
        #: (bucket, prefix) to the number of tricks that its listings have played.
        self.tricks = {}

    def objects(self, call):
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

    def versions(self, call):
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
