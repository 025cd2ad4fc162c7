package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/config"
)

// Settings of commands that use the database.
var databaseSettings = []string{"data-dir", "database-url", "migrate-database-url", "assume-role", "postgres-bin", "max-connections", "log-level", "log-format"}

// settingsOf reads a command's settings.
func settingsOf(command *cobra.Command) (*config.Config, error) {
	return config.Load(command.Flags(), os.Environ())
}

func newLog(c *config.Config, out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}
