#!/bin/sh
# A whole pipeline made with the AWS CLI, as somebody would by hand. Needs AWS_ENDPOINT_URL and the handler's zip as $1.
set -eu
account=123456789012 region=us-west-2 bucket=by-cli
role_arn=arn:aws:iam::$account:role/by-cli
function_arn=arn:aws:lambda:$region:$account:function:by-cli
rule_arn=arn:aws:ses:$region:$account:receipt-rule-set/by-cli:receipt-rule/store

aws s3api create-bucket --bucket $bucket --create-bucket-configuration LocationConstraint=$region
aws s3api put-bucket-policy --bucket $bucket --policy '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
  "Principal":{"Service":"ses.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::'$bucket'/*",
  "Condition":{"StringEquals":{"AWS:SourceAccount":"'$account'","AWS:SourceArn":"'$rule_arn'"}}}]}'
aws iam create-role --role-name by-cli --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{
  "Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
aws iam attach-role-policy --role-name by-cli \
  --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
aws lambda create-function --function-name by-cli --runtime nodejs24.x --handler index.handler --role $role_arn \
  --zip-file "fileb://$1"
aws lambda wait function-active-v2 --function-name by-cli
aws lambda add-permission --function-name by-cli --statement-id ses --action lambda:InvokeFunction \
  --principal ses.amazonaws.com --source-account $account --source-arn $rule_arn
aws ses create-receipt-rule-set --rule-set-name by-cli
aws ses create-receipt-rule --rule-set-name by-cli --rule '{"Name":"store","Enabled":true,"ScanEnabled":true,
  "TlsPolicy":"Optional","Recipients":["cli@example.com"],"Actions":[{"S3Action":{"BucketName":"'$bucket'"}},
  {"LambdaAction":{"FunctionArn":"'$function_arn'","InvocationType":"Event"}}]}'
aws ses set-active-receipt-rule-set --rule-set-name by-cli

head -c 12000000 /dev/zero > "$1.big"
aws s3 cp "$1.big" s3://$bucket/big # over 8 MB: in parts
aws s3 cp s3://$bucket/big "$1.back"
cmp "$1.big" "$1.back"
aws lambda invoke --function-name by-cli --payload '{"by":"cli"}' "$1.answer"
grep -q '"by":"cli"' "$1.answer"
aws logs filter-log-events --log-group-name /aws/lambda/by-cli --filter-pattern handling --output text | grep -q handling
