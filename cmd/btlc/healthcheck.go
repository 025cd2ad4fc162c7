package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/config"
)

func newHealthcheck() *cobra.Command {
	command := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running server whether it is ready",
		Long: `Healthcheck asks for /readyz at the REST address on this machine and exits with 1 unless the server is ready. It is for
container images, which have no other program to ask with.`,
		Example: `  btlc healthcheck && echo ready`,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := settingsOf(command)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(command.Context(), 3*time.Second)
			defer cancel()
			return askReady(ctx, "http://"+reachable(c.RESTAddress)+"/readyz")
		},
	}
	config.AddFlags(command.Flags(), "rest-address")
	return command
}

func askReady(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 200))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", address, answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}
