// A whole pipeline made with the AWS SDK for Go, as somebody would by hand. Takes the handler's zip; needs AWS_ENDPOINT_URL.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	sestypes "github.com/aws/aws-sdk-go-v2/service/ses/types"
)

const (
	account = "123456789012"
	region  = "us-west-2"
	name    = "by-go"
	ruleArn = "arn:aws:ses:" + region + ":" + account + ":receipt-rule-set/" + name + ":receipt-rule/store"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	ctx := context.Background()
	cfg := must(config.LoadDefaultConfig(ctx))
	buckets := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	roles, functions, mail := iam.NewFromConfig(cfg), lambda.NewFromConfig(cfg), ses.NewFromConfig(cfg)

	must(buckets.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    aws.String(name),
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))
	must(buckets.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{
		Bucket: aws.String(name),
		Policy: aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Service":"ses.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::%s/*",
			"Condition":{"StringEquals":{"AWS:SourceAccount":"%s","AWS:SourceArn":"%s"}}}]}`, name, account, ruleArn)),
	}))
	role := must(roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(name),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	}))
	function := must(functions.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(name),
		Runtime:      "nodejs24.x",
		Handler:      aws.String("index.handler"),
		Role:         role.Role.Arn,
		Code:         &lambdatypes.FunctionCode{ZipFile: must(os.ReadFile(os.Args[1]))},
	}))
	active := lambda.NewFunctionActiveV2Waiter(functions, func(o *lambda.FunctionActiveV2WaiterOptions) { o.MinDelay = 100 * time.Millisecond })
	if err := active.Wait(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(name)}, time.Minute); err != nil {
		log.Fatal(err)
	}
	must(functions.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName:  aws.String(name),
		StatementId:   aws.String("ses"),
		Action:        aws.String("lambda:InvokeFunction"),
		Principal:     aws.String("ses.amazonaws.com"),
		SourceAccount: aws.String(account),
		SourceArn:     aws.String(ruleArn),
	}))
	must(mail.CreateReceiptRuleSet(ctx, &ses.CreateReceiptRuleSetInput{RuleSetName: aws.String(name)}))
	must(mail.CreateReceiptRule(ctx, &ses.CreateReceiptRuleInput{
		RuleSetName: aws.String(name),
		Rule: &sestypes.ReceiptRule{
			Name:       aws.String("store"),
			Enabled:    true,
			Recipients: []string{"go@example.com"},
			Actions: []sestypes.ReceiptAction{
				{S3Action: &sestypes.S3Action{BucketName: aws.String(name)}},
				{LambdaAction: &sestypes.LambdaAction{FunctionArn: function.FunctionArn}},
			},
		},
	}))

	must(buckets.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(name), Key: aws.String("in/one"), Body: bytes.NewReader([]byte("Subject: hello\r\n\r\n")),
	}))
	invoked := must(functions.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(name), Payload: []byte(`{"by":"go"}`)}))
	if string(invoked.Payload) != `{"by":"go"}` {
		log.Fatalf("the function answered %s", invoked.Payload)
	}
	_, err := mail.DescribeReceiptRuleSet(ctx, &ses.DescribeReceiptRuleSetInput{RuleSetName: aws.String("missing")})
	var missing *sestypes.RuleSetDoesNotExistException
	if !errors.As(err, &missing) || aws.ToString(missing.Name) != "missing" {
		log.Fatalf("a missing set was answered with %v", err)
	}
}
