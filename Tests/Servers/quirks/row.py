"""The provider that is played: its row of the table, and what follows from its name alone."""
from dataclasses import dataclass

#: Headers of a PUT that some provider refuses (providers.md section 0 to 4): prefix, then the answer by provider.
#: A provider that is not named takes the header.
NOT_IMPLEMENTED = (501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
UNSUPPORTED = (400, "InvalidArgument", "Unsupported header '{name}' received for this API call.")
NOT_ENTITLED = (403, "AccessDenied", "not entitled")
NO_ACL = (400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
REFUSED_HEADERS = {
    "x-amz-checksum-": {"b2": UNSUPPORTED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED, "runpod": UNSUPPORTED,
                        "generic": UNSUPPORTED},
    "x-amz-sdk-checksum-algorithm": {"b2": UNSUPPORTED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED,
                                     "runpod": UNSUPPORTED, "generic": UNSUPPORTED},
    "x-amz-trailer": {"b2": UNSUPPORTED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED, "runpod": UNSUPPORTED,
                      "generic": UNSUPPORTED, "aws": NOT_IMPLEMENTED},
    "x-amz-acl": {"b2": NOT_ENTITLED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED, "runpod": NOT_IMPLEMENTED,
                  "generic": NOT_IMPLEMENTED, "aws": NO_ACL},
    "x-amz-tagging": {"b2": UNSUPPORTED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED, "runpod": NOT_IMPLEMENTED,
                      "generic": NOT_IMPLEMENTED},
    "x-amz-expected-bucket-owner": {"b2": UNSUPPORTED, "r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED,
                                    "runpod": UNSUPPORTED, "generic": UNSUPPORTED},
    "x-amz-object-lock-": {"r2": NOT_IMPLEMENTED, "gcs": UNSUPPORTED, "runpod": NOT_IMPLEMENTED,
                           "generic": NOT_IMPLEMENTED},
    "if-none-match": {"b2": NOT_IMPLEMENTED, "gcs": NOT_IMPLEMENTED, "runpod": NOT_IMPLEMENTED},
    "if-match": {"b2": NOT_IMPLEMENTED, "gcs": NOT_IMPLEMENTED, "runpod": NOT_IMPLEMENTED},
}
DEFAULT_REGIONS = {"auto": "auto", "endpointLabel": "us-west-004", "dataCenter": "EU-RO-1", "configured": "us-east-1"}


@dataclass
class Row:
    name: str
    region_rule: str
    has_bulk_delete: bool
    versions: str
    maximum_put: int
    idle_seconds: int
    limits_writes_per_key: bool
    repeats_list_tokens: bool
    region: str

    @classmethod
    def parse(cls, value, region=None):
        """From the JSON encoding of `Provider`."""
        return cls(value["name"], value["regionRule"], value["hasBulkDelete"], value["versions"],
                   value["maximumPutByteCount"], value["idleSeconds"], value["limitsWritesPerKey"],
                   value["repeatsListTokens"], region or DEFAULT_REGIONS[value["regionRule"]])

    def takes_region(self, region):
        if self.name == "gcs":
            return True
        if self.region_rule == "auto":
            # Cloudflare documents the other two as names of the same region.
            return region in ("auto", "us-east-1", "")
        return region == self.region

    @property
    def skew_seconds(self):
        return 3600 if self.name == "runpod" else 900

    @property
    def says_continue(self):
        return self.name != "r2"

    def refusal(self, header):
        """(status, code, message) for a header of a PUT, None when it is taken."""
        for prefix, answers in REFUSED_HEADERS.items():
            if header.startswith(prefix) and self.name in answers:
                status, code, message = answers[self.name]
                return status, code, message.format(name=header)
        return None

    @property
    def no_bulk_delete(self):
        if self.name == "runpod":
            return 405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        return 501, "NotImplemented", "This operation is not implemented."
