package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// What the pipeline tells its function: which buckets hold the messages, and under which prefixes.
type discovery map[string]json.RawMessage

func discover() (discovery, error) {
	text, err := base64.StdEncoding.DecodeString(os.Getenv("SES_LAMBDA_PIPELINE_DISCOVERY"))
	if err != nil {
		return nil, fmt.Errorf("SES_LAMBDA_PIPELINE_DISCOVERY is not base64: %w", err)
	}
	var found discovery
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("SES_LAMBDA_PIPELINE_DISCOVERY is not JSON: %w", err)
	}
	return found, nil
}

// places says where the body of a message may lie.
func (d discovery) places(messageID string) []string {
	places := []string{}
	for name, text := range d {
		var bucket struct {
			Ref               string
			ObjectKeyPrefixes []string
		}
		if !strings.HasPrefix(name, "SESMessageStoreBucket") || json.Unmarshal(text, &bucket) != nil {
			continue
		}
		prefixes := bucket.ObjectKeyPrefixes
		if len(prefixes) == 0 {
			prefixes = []string{""}
		}
		for _, prefix := range prefixes {
			places = append(places, fmt.Sprintf("s3://%s/%s%s", bucket.Ref, prefix, messageID))
		}
	}
	return places
}
