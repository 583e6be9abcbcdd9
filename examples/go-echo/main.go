// Logs each inbound message and where its body is stored.
package main

import (
	"context"
	"log/slog"
	"mime"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	lambda.Start(handle)
}

func handle(_ context.Context, event events.SimpleEmailEvent) error {
	discovery, err := discover()
	if err != nil {
		return err
	}
	for _, record := range event.Records {
		mail := record.SES.Mail
		slog.Info("SES Event",
			"MessageID", mail.MessageID,
			"Subject", decoded(mail.CommonHeaders.Subject),
			"Bodies", discovery.places(mail.MessageID))
	}
	return nil
}

// decoded reads a header that is not in ASCII, such as =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=.
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}
