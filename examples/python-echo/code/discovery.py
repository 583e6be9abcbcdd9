"""What the pipeline tells its function: which buckets hold the messages, and under which prefixes."""

import base64
import json
import os


def discover():
    return json.loads(base64.b64decode(os.environ["SES_LAMBDA_PIPELINE_DISCOVERY"]))


def object_places(discovery, message_id):
    """Bucket and key where a body may lie, the likeliest first."""
    for name, resource in discovery.items():
        if name.startswith("SESMessageStoreBucket"):
            for prefix in resource.get("ObjectKeyPrefixes", [""]):
                yield resource["Ref"], prefix + message_id
