// Judges for deploy/: what Argo CD, Flux and Terraform would make of what is there. Each verb reads one JSON value from
// standard input and writes one to standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var verbs = map[string]func(args []string) (any, error){
	"argo-health": argoHealth,
	"argo-action": argoAction,
	"kstatus":     kstatusOf,
	"terraform":   terraform,
}

func main() {
	if len(os.Args) < 2 || verbs[os.Args[1]] == nil {
		fail(fmt.Errorf("say what to judge by: argo-health, argo-action, kstatus or terraform"))
	}
	answer, err := verbs[os.Args[1]](os.Args[2:])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// objects reads a list of Kubernetes objects with whole numbers as Kubernetes has them.
func objects() ([]map[string]any, error) {
	var list []map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&list); err != nil {
		return nil, err
	}
	for _, each := range list {
		whole(each)
	}
	return list, nil
}

func whole(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, each := range typed {
			typed[key] = whole(each)
		}
	case []any:
		for index, each := range typed {
			typed[index] = whole(each)
		}
	case float64:
		if typed == float64(int64(typed)) {
			return int64(typed)
		}
	}
	return value
}
