@testable import ReplayCache

/// AWS, and servers that take its variables.
extension ConnectionSample {
    static let aws = [
        ConnectionSample(
            testDescription: "AWS by keys alone",
            settings: FakeSettings(keys),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "AWS_REGION before AWS_DEFAULT_REGION",
            settings: FakeSettings(keys).with(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]),
            endpoint: "https://s3.eu-west-1.amazonaws.com",
            region: "eu-west-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "China",
            settings: FakeSettings(keys).with(["AWS_DEFAULT_REGION": "cn-north-1"]),
            endpoint: "https://s3.cn-north-1.amazonaws.com.cn",
            region: "cn-north-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "a dot in the bucket",
            place: "s3:my.bucket",
            settings: FakeSettings(keys),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "environment"
        ),
        ConnectionSample(
            testDescription: "the default profile",
            settings: FakeSettings(
                files: [
                    credentials: profile("default", "keyid"),
                    config: "[default]\nregion = eu-central-1\nca_bundle = ~/ca.pem\n"
                        + profile("profile default", "other"),
                ]
            ),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "the profile \"default\" in /home/fox/.aws/credentials",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "a chosen profile with services",
            settings: FakeSettings(
                ["AWS_PROFILE": "melee"],
                files: [
                    credentials: profile("default", "other"),
                    config: profile("profile melee", "keyid")
                        + "region = eu-north-1\nservices = mine\nendpoint_url = https://general.example\n"
                        + "ca_bundle = ~/ca.pem\n[services mine]\ns3 =\n  endpoint_url = https://minio.example:9000\n",
                ]
            ),
            endpoint: "https://minio.example:9000",
            region: "eu-north-1",
            provider: .generic,
            source: "the profile \"melee\" in /home/fox/.aws/config",
            certificateFile: "/home/fox/ca.pem"
        ),
        ConnectionSample(
            testDescription: "files elsewhere, configured endpoints ignored",
            settings: FakeSettings(
                [
                    "AWS_SHARED_CREDENTIALS_FILE": "/keys", "AWS_CONFIG_FILE": "~/conf",
                    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL": "https://minio.example",
                ],
                files: [
                    "/keys": profile("default", "keyid") + "aws_session_token = \(Canary.token)\n",
                    "/home/fox/conf": "[default]\nregion=us-west-2\nendpoint_url=https://minio.example\n",
                ]
            ),
            endpoint: "https://s3.us-west-2.amazonaws.com",
            region: "us-west-2",
            provider: .aws,
            source: "/keys",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "variables before files",
            settings: FakeSettings(keys, files: [credentials: profile("default", "other")]),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "keys in files that variables name",
            settings: FakeSettings(
                ["AWS_ACCESS_KEY_ID": "keyid", "AWS_SECRET_ACCESS_KEY_FILE": "/run/secrets/key"],
                files: ["/run/secrets/key": "\(Canary.secret)\n"]
            ),
            endpoint: "https://s3.us-east-1.amazonaws.com",
            region: "us-east-1",
            provider: .aws,
            source: "AWS_SECRET_ACCESS_KEY_FILE",
            usesPathStyle: false
        ),
    ]

    static let servers = [
        ConnectionSample(
            testDescription: "a region in the endpoint",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://bucket.s3.eu-west-1.amazonaws.com"]),
            endpoint: "https://s3.eu-west-1.amazonaws.com",
            region: "eu-west-1",
            provider: .aws,
            source: "environment",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "MinIO here, AWS_ENDPOINT_URL_S3 before AWS_ENDPOINT_URL",
            settings: FakeSettings(keys).with([
                "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000", "AWS_ENDPOINT_URL": "https://other.example",
                "AWS_CA_BUNDLE": "/a.pem", "SSL_CERT_FILE": "/b.pem",
            ]),
            endpoint: "http://127.0.0.1:9000",
            region: "us-east-1",
            provider: .generic,
            source: "environment",
            certificateFile: "/a.pem"
        ),
        ConnectionSample(
            testDescription: "Google",
            settings: FakeSettings(keys).with([
                "AWS_ENDPOINT_URL": "https://storage.googleapis.com", "AWS_REGION": "us-east-1",
                "CURL_CA_BUNDLE": "/c.pem",
            ]),
            endpoint: "https://storage.googleapis.com",
            region: "auto",
            provider: .gcs,
            source: "environment",
            certificateFile: "/c.pem"
        ),
        ConnectionSample(
            testDescription: "a RunPod volume",
            place: "s3:abc123def4/p",
            settings: FakeSettings(keys).with(["AWS_ENDPOINT_URL": "https://s3api-eu-ro-1.runpod.io/"]),
            endpoint: "https://s3api-eu-ro-1.runpod.io",
            region: "EU-RO-1",
            provider: .runpod,
            source: "environment"
        ),
    ]
}
