@testable import ReplayCache

/// R2, B2 and rclone's remotes.
extension ConnectionSample {
    static let r2AndB2 = [
        ConnectionSample(
            testDescription: "R2 by account",
            place: "r2:bucket/p",
            settings: FakeSettings(r2Keys).with(["R2_ACCOUNT_ID": account.uppercased(), "SSL_CERT_FILE": "/b.pem"]),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "R2_ACCESS_KEY and R2_SECRET_KEY",
            certificateFile: "/b.pem"
        ),
        ConnectionSample(
            testDescription: "R2 with the bucket of the place behind",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "\(account).eu.r2.cloudflarestorage.com/bucket/"]),
            endpoint: "https://\(account).eu.r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        ConnectionSample(
            testDescription: "R2 with the usual bucket behind",
            place: "r2:another",
            settings: FakeSettings(r2Keys).with([
                "R2_ENDPOINT": "https://\(account).r2.cloudflarestorage.com/bucket", "R2_BUCKET": "bucket",
            ]),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        ConnectionSample(
            testDescription: "R2 from the browser",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with([
                "R2_ENDPOINT": "https://dash.cloudflare.com/\(account)/r2/eu/buckets/bucket?tab=x"
            ]),
            endpoint: "https://\(account).eu.r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        ConnectionSample(
            testDescription: "a test server for R2",
            place: "r2:bucket",
            settings: FakeSettings(r2Keys).with(["R2_ENDPOINT": "http://localhost:9000"]),
            endpoint: "http://localhost:9000",
            region: "auto",
            provider: .r2,
            source: "environment"
        ),
        ConnectionSample(
            testDescription: "B2 with its endpoint",
            place: "b2:bucket",
            settings: FakeSettings(b2Keys).with(["B2_ENDPOINT": "bucket.s3.eu-central-003.backblazeb2.com"]),
            endpoint: "https://s3.eu-central-003.backblazeb2.com",
            region: "eu-central-003",
            provider: .b2,
            source: "B2_KEY_ID and B2_APP_KEY"
        ),
        ConnectionSample(
            testDescription: "a test server for B2",
            place: "b2:bucket",
            settings: FakeSettings(b2Keys).with(["B2_ENDPOINT": "http://127.0.0.1:9000", "AWS_REGION": "us-west-004"]),
            endpoint: "http://127.0.0.1:9000",
            region: "us-west-004",
            provider: .b2,
            source: "environment"
        ),
    ]

    static let remotes = [
        ConnectionSample(
            testDescription: "rclone: Cloudflare in the file",
            place: "rclone:cloud:bucket/p",
            settings: FakeSettings(
                files: [
                    rclone: "[cloud]\ntype = s3\nprovider = Cloudflare\naccess_key_id = keyid\n"
                        + "secret_access_key = \(Canary.secret)\nendpoint = \(account).r2.cloudflarestorage.com\n"
                ]
            ),
            endpoint: "https://\(account).r2.cloudflarestorage.com",
            region: "auto",
            provider: .r2,
            source: "rclone's remote \"cloud\""
        ),
        ConnectionSample(
            testDescription: "rclone: a variable of the remote before one of the type before the file",
            place: "rclone:aws:bucket",
            settings: FakeSettings(
                [
                    "RCLONE_CONFIG_AWS_ACCESS_KEY_ID": "keyid", "RCLONE_S3_ACCESS_KEY_ID": "other",
                    "RCLONE_S3_REGION": "eu-west-3", "RCLONE_S3_FORCE_PATH_STYLE": "true",
                ],
                files: [
                    rclone: "[aws]\ntype = s3\nprovider = AWS\naccess_key_id = third\nregion = us-west-1\n"
                        + "secret_access_key = \(Canary.secret)\nsession_token = \(Canary.token)\n"
                ]
            ),
            endpoint: "https://s3.eu-west-3.amazonaws.com",
            region: "eu-west-3",
            provider: .aws,
            source: "rclone's remote \"aws\""
        ),
        ConnectionSample(
            testDescription: "rclone: AWS's files by env_auth and profile",
            place: "rclone:aws:bucket",
            settings: FakeSettings(
                files: [
                    rclone: "[aws]\ntype = s3\nenv_auth = true\nprofile = melee\nshared_credentials_file = ~/keys\n",
                    "/home/fox/keys": profile("melee", "keyid"),
                    config: "[profile melee]\nregion = ap-south-1\n",
                ]
            ),
            endpoint: "https://s3.ap-south-1.amazonaws.com",
            region: "ap-south-1",
            provider: .aws,
            source: "the profile \"melee\" in /home/fox/keys",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "rclone: all in variables beside an encrypted file",
            place: "rclone:minio:bucket",
            settings: FakeSettings(
                [
                    "RCLONE_CONFIG_MINIO_TYPE": "s3", "RCLONE_CONFIG_MINIO_PROVIDER": "Minio",
                    "RCLONE_CONFIG_MINIO_ACCESS_KEY_ID": "keyid",
                    "RCLONE_CONFIG_MINIO_SECRET_ACCESS_KEY": Canary.secret,
                    "RCLONE_CONFIG_MINIO_ENDPOINT": "http://127.0.0.1:9000",
                    "RCLONE_CONFIG_MINIO_FORCE_PATH_STYLE": "false",
                ],
                files: [rclone: "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA\n"]
            ),
            endpoint: "http://127.0.0.1:9000",
            region: "us-east-1",
            provider: .generic,
            source: "rclone's remote \"minio\"",
            usesPathStyle: false
        ),
        ConnectionSample(
            testDescription: "rclone: Google without an endpoint",
            place: "rclone:g:bucket",
            settings: FakeSettings(
                ["RCLONE_CONFIG": "/rc"],
                files: [
                    "/rc":
                        "[g]\ntype = s3\nprovider = GCS\naccess_key_id = keyid\nsecret_access_key = \(Canary.secret)\n"
                ]
            ),
            endpoint: "https://storage.googleapis.com",
            region: "auto",
            provider: .gcs,
            source: "rclone's remote \"g\""
        ),
    ]
}
