package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// terraform evaluates the string attributes of every resource of a file, with the variables of standard input.
func terraform(args []string) (any, error) {
	variables, err := given()
	if err != nil {
		return nil, err
	}
	file, diagnostics := hclparse.NewParser().ParseHCLFile(args[0])
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	context := &hcl.EvalContext{
		Variables: variables,
		Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc},
	}
	resources := map[string]map[string]string{}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "resource" {
			continue
		}
		attributes := map[string]string{}
		for name, attribute := range block.Body.Attributes {
			value, diagnostics := attribute.Expr.Value(context)
			if diagnostics.HasErrors() {
				return nil, fmt.Errorf("%s.%s: %w", block.Labels[0], name, diagnostics)
			}
			if value.Type() == cty.String {
				attributes[name] = value.AsString()
			}
		}
		resources[block.Labels[0]+"."+block.Labels[1]] = attributes
	}
	return resources, nil
}

func given() (map[string]cty.Value, error) {
	var raw map[string]json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&raw); err != nil {
		return nil, err
	}
	values := map[string]cty.Value{}
	for name, text := range raw {
		impliedType, err := ctyjson.ImpliedType(text)
		if err != nil {
			return nil, err
		}
		value, err := ctyjson.Unmarshal(text, impliedType)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}
