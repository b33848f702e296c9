"""Access keys: the one of the command line, and temporary ones that the metadata services hand out."""
import secrets
from dataclasses import dataclass


@dataclass
class Identity:
    key_id: str
    secret: str
    token: str | None = None
    #: By the clock of the server; None lasts.
    expires: float | None = None


class Identities:
    def __init__(self):
        self.by_key = {}

    def add(self, identity):
        self.by_key[identity.key_id] = identity
        return identity

    def issue(self, now, lifetime, secret=None, token=None):
        """New temporary credentials, with a secret and a token that a test can look for."""
        return self.add(
            Identity("ASIA" + secrets.token_hex(8).upper(), secret or secrets.token_hex(20),
                     token or secrets.token_hex(32) + "+/==", now + lifetime)
        )

    def expire_tokens(self, now):
        """From now on every session token that exists has expired; those that are handed out later have not."""
        for identity in self.by_key.values():
            if identity.token is not None:
                identity.expires = now - 1
