package main

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kstatusOf answers with what kstatus, as Flux has it, makes of each object.
func kstatusOf([]string) (any, error) {
	list, err := objects()
	if err != nil {
		return nil, err
	}
	results := make([]any, 0, len(list))
	for _, each := range list {
		result, err := status.Compute(&unstructured.Unstructured{Object: each})
		if err != nil {
			return nil, err
		}
		results = append(results, map[string]any{"status": result.Status, "message": result.Message})
	}
	return results, nil
}
