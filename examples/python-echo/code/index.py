"""Logs each inbound message and the metadata of its stored body."""

import json
from email.header import decode_header, make_header

from discovery import discover, object_places


def handler(event, context):
    for record in event["Records"]:
        mail = record["ses"]["mail"]
        subject = str(make_header(decode_header(mail["commonHeaders"].get("subject", ""))))
        log("SES Event", MessageID=mail["messageId"], Subject=subject, RequestID=context.aws_request_id)
        metadata, error = head_body(mail["messageId"])
        log("SES MessageBody", Metadata=metadata, Error=error)


def head_body(message_id):
    """A body that cannot be seen is worth a log line, not a failed invocation."""
    failure = None
    for bucket, key in object_places(discover(), message_id):
        try:
            # Lambda has it. A Python that runs the sandbox may not: pip install boto3.
            import boto3

            found = boto3.client("s3").head_object(Bucket=bucket, Key=key)
            return {"ContentLength": found["ContentLength"], "ETag": found["ETag"]}, None
        except Exception as error:
            failure = failure or f"{type(error).__name__}: {error}"
    return None, failure


def log(message, **fields):
    print(json.dumps({"level": "info", "msg": message, **fields}), flush=True)
