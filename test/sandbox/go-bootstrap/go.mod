module ses-lambda-pipeline/test/sandbox/go-bootstrap

go 1.21
