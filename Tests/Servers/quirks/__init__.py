"""The parts of quirks3.py, a loopback S3 server that plays one row of the table of providers.

wire      HTTP/1.1: connections, requests, answers
sigv4     the rules of Signature Version 4, for both sides
identity  access keys that come and go
row       what is different about the provider
store     buckets, objects, versions
s3        the operations: access (who may), checks (of bodies), listing, documents (XML)
native    what surrounds S3: B2's authorize call, the metadata services of AWS
behaviour what a test asked for, and what the server saw
control   how a test asks
"""
