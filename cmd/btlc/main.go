// Command btlc is the system of record of a teacher-leadership certificate: a server for REST and gRPC, and what its
// operators need beside it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	_ "time/tzdata" // a machine or an image without time zones does as well

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/btlc/btlc/internal/config"
)

// Exit codes.
const (
	failed  = 1
	misused = 2
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(arguments []string) int {
	// The first signal ends a command in an orderly way; from then on a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "btlc: %v\n", err)
	if _, wrong := errors.AsType[config.Faults](err); wrong {
		fmt.Fprintln(os.Stderr, "All settings: btlc help settings")
		return misused
	}
	if _, wrong := errors.AsType[usageError](err); wrong {
		return misused
	}
	return failed
}

// usageError is that of a command line which cannot be carried out.
type usageError struct{ error }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "btlc",
		Short: "The system of record of a teacher-leadership certificate",
		Long: `btlc keeps who leads in which school, who learns what, what they have shown, and which certificates they hold, and
answers districts and universities by REST and gRPC.

Begin with "btlc serve": without any setting it runs on this machine alone, with a private PostgreSQL of its own.`,
		Example: `  btlc serve --demo                  serve made-up data, to look around
  btlc help settings                 what can be set, and where
  btlc migrate status                whether the database is up to date`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w%s\nSee: %s --help", err, suggestFlag(command, err), command.CommandPath())}
	})
	root.AddCommand(newServe(), newMigrate(), newProgram(), newKey(), newFeed(), newImport(), newDrop(), newVerify(), newAdminKey(), newHealthcheck(), newVersion(), &cobra.Command{
		Use:   "settings",
		Short: "All settings, by flag, environment and file",
		Long:  config.Help(),
	})
	checkArguments(root)
	return root
}

// checkArguments has every command refuse words that it has no use for. Those that only hold other commands would show
// their help as if nothing were wrong.
func checkArguments(command *cobra.Command) {
	for _, child := range command.Commands() {
		checkArguments(child)
	}
	command.SuggestionsMinimumDistance = 2
	takes := command.Args
	if takes == nil {
		takes = cobra.NoArgs
	}
	if command.HasSubCommands() && !command.Runnable() {
		command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	}
	command.Args = func(command *cobra.Command, arguments []string) error {
		err := takes(command, arguments)
		if err == nil {
			return nil
		}
		if len(arguments) > 0 {
			if near := command.SuggestionsFor(arguments[0]); len(near) > 0 {
				err = fmt.Errorf("%w; the nearest is %s", err, strings.Join(near, ", "))
			}
		}
		return usageError{fmt.Errorf("%w\nSee: %s --help", err, command.CommandPath())}
	}
}

var unknownFlag = regexp.MustCompile(`unknown flag: --(\S+)`)

// suggestFlag names the flag that was probably meant.
func suggestFlag(command *cobra.Command, err error) string {
	match := unknownFlag.FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return "; the nearest is --" + config.Nearest(match[1], names)
}
