package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	"github.com/btlc/btlc/internal/database"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which program this is, and which schema it needs",
		Example: "  btlc version",
		RunE: func(command *cobra.Command, _ []string) error {
			need, err := database.LatestVersion(migrations.FS)
			if err != nil {
				return err
			}
			build, settings := buildOf()
			out := command.OutOrStdout()
			fmt.Fprintf(out, "btlc %s\n", version())
			if revision := settings["vcs.revision"]; revision != "" {
				changed := ""
				if settings["vcs.modified"] == "true" {
					changed = ", and changes that are not in it"
				}
				fmt.Fprintf(out, "revision %s of %s%s\n", revision, settings["vcs.time"], changed)
			}
			fmt.Fprintf(out, "built by %s for %s/%s\nneeds schema version %d\n", build.GoVersion, settings["GOOS"], settings["GOARCH"], need)
			return nil
		},
	}
}

// release is set by the linker where the history is not at hand, as in the build of the container image.
var release string

// version is the release, or what the build says of itself: (devel) without a history.
func version() string {
	if release != "" {
		return release
	}
	build, _ := buildOf()
	return build.Main.Version
}

func buildOf() (*debug.BuildInfo, map[string]string) {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	return build, settings
}
