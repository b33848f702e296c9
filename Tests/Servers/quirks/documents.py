"""Answers as XML, and errors."""
import secrets
import time
from xml.sax.saxutils import escape

from .wire import Answer

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


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


def xml_answer(body):
    return Answer(200, [("Content-Type", "application/xml")], body)
