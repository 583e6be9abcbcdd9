// A function for provided.al2023: it speaks the Runtime API itself, as the Lambda libraries of Go and Rust do.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for count := 1; ; count++ {
		next, err := http.Get(api + "next")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		event, _ := io.ReadAll(next.Body)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		fmt.Println("event of", len(event), "bytes")
		fmt.Fprintln(os.Stderr, "to stderr")
		if string(event) == `"exit"` {
			os.Exit(3)
		}
		if string(event) == `"fail"` {
			answer := `{"errorType":"errorString","errorMessage":"no"}`
			http.Post(api+id+"/error", "application/json", bytes.NewBufferString(answer))
			continue
		}
		answer := fmt.Sprintf(`{"count":%d,"handler":%q,"executionEnvironment":%q,"trace":%q}`,
			count, os.Getenv("_HANDLER"), os.Getenv("AWS_EXECUTION_ENV"), next.Header.Get("Lambda-Runtime-Trace-Id"))
		http.Post(api+id+"/response", "application/json", bytes.NewBufferString(answer))
	}
}
