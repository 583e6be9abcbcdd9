// Whose custom resources we ship: their CRDs are taken from these modules. There is no Go code of ours here.
module ses-lambda-pipeline.dev/test/ops/foreign-crds

go 1.26.0

require (
	github.com/argoproj/argo-cd/v3 v3.5.7
	github.com/fluxcd/kustomize-controller v1.9.6
	github.com/fluxcd/source-controller v1.9.6
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
