"""A whole pipeline made with boto3, as somebody would by hand. Takes the handler's zip; needs AWS_ENDPOINT_URL."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

ACCOUNT, REGION, NAME = "123456789012", "us-west-2", "by-boto3"
RULE_ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}:receipt-rule-set/{NAME}:receipt-rule/store"


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


s3, iam, ses, logs = (boto3.client(service) for service in ("s3", "iam", "ses", "logs"))
functions = boto3.client("lambda")

s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
s3.get_waiter("bucket_exists").wait(Bucket=NAME)
s3.put_bucket_policy(
    Bucket=NAME,
    Policy=policy(
        Principal={"Service": "ses.amazonaws.com"},
        Action="s3:PutObject",
        Resource=f"arn:aws:s3:::{NAME}/*",
        Condition={"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": RULE_ARN}},
    ),
)
trust = policy(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trust)["Role"]
assert role["AssumeRolePolicyDocument"] == json.loads(trust)  # boto3 decodes it
iam.get_waiter("role_exists").wait(RoleName=NAME)
iam.put_role_policy(RoleName=NAME, PolicyName="logs", PolicyDocument=policy(Action="logs:*", Resource="*"))

with open(sys.argv[1], "rb") as code:
    function = functions.create_function(
        FunctionName=NAME,
        Runtime="nodejs24.x",
        Handler="index.handler",
        Role=role["Arn"],
        Code={"ZipFile": code.read()},
    )
functions.get_waiter("function_active_v2").wait(FunctionName=NAME)
functions.add_permission(
    FunctionName=NAME,
    StatementId="ses",
    Action="lambda:InvokeFunction",
    Principal="ses.amazonaws.com",
    SourceAccount=ACCOUNT,
    SourceArn=RULE_ARN,
)
ses.create_receipt_rule_set(RuleSetName=NAME)
actions = [
    {"S3Action": {"BucketName": NAME}},
    {"LambdaAction": {"FunctionArn": function["FunctionArn"], "InvocationType": "Event"}},
]
rule = {"Name": "store", "Enabled": True, "Recipients": ["boto3@example.com"], "Actions": actions}
ses.create_receipt_rule(RuleSetName=NAME, Rule=rule)
assert [each["Name"] for each in ses.describe_receipt_rule_set(RuleSetName=NAME)["Rules"]] == ["store"]

s3.put_object(Bucket=NAME, Key="in/a mail é.eml", Body=b"Subject: hello\r\n\r\n", Metadata={"by": "boto3"})
keys = [each["Key"] for each in s3.list_objects_v2(Bucket=NAME)["Contents"]]
assert keys == ["AMAZON_SES_SETUP_NOTIFICATION", "in/a mail é.eml"], keys
invoked = functions.invoke(FunctionName=NAME, Payload=json.dumps({"by": "boto3"}))
assert json.load(invoked["Payload"]) == {"by": "boto3"}
found = logs.filter_log_events(logGroupName=f"/aws/lambda/{NAME}", filterPattern="handling")["events"]
assert len(found) == 1, found

try:
    ses.describe_receipt_rule_set(RuleSetName="missing")
    raise AssertionError("a missing set was described")
except ses.exceptions.RuleSetDoesNotExistException:
    pass
try:
    s3.get_bucket_acl(Bucket=NAME)
    raise AssertionError("the sandbox has no ACLs")
except ClientError as error:
    assert "s3:GetBucketAcl" in error.response["Error"]["Message"], error.response
