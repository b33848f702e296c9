"""What is checked of a body, and read from headers and documents."""
import base64
import binascii
import hashlib
import xml.etree.ElementTree
import zlib

from .documents import S3Error


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
