package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	enrollmentpb "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/enrollment"
)

// pastTask is a file of past records to be planned, or imported when asked.
type pastTask struct {
	file  string
	apply bool
}

func newImportPastRecords() *cobra.Command {
	task := pastTask{}
	command := &cobra.Command{
		Use:   "past-records file",
		Short: "Plan what a file has of past sections and completions, and import it",
		Long: `Past-records reads a CSV file with a row for each person in each section of before, and prints how much of it is new; of a
faulty file, every fault by line. With --apply it enters all of it, marked with where each row is from. What is on record
already stays as it is, so that a file can be imported again with more rows. docs/past-records.md has the columns.

The import is on the audit record, as written by system with the method "btlc import past-records". Whoever may do this
reaches the database as the owner of its tables: with --database-url, give that address by --migrate-database-url. Without it,
the records go into the private PostgreSQL, which must not be running: stop the server before.`,
		Example: `  btlc import past-records binder-2011.csv
  btlc import past-records binder-2011.csv --apply`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			task.file = arguments[0]
			return withPostgres(command, task.run)
		},
	}
	command.Flags().BoolVar(&task.apply, "apply", false, "enter what is new")
	config.AddFlags(command.Flags(), append([]string{"zone"}, databaseSettings...)...)
	return command
}

func (t pastTask) run(ctx context.Context, p *postgres, out io.Writer) (err error) {
	content, err := os.ReadFile(t.file)
	if err != nil {
		return fmt.Errorf("read the past records: %w", err)
	}
	pool, err := p.ownerPool(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := database.CheckSchema(ctx, pool, migrations.FS); err != nil {
		return fmt.Errorf("%w: btlc migrate", err)
	}
	db := database.NewDB(pool, nil)
	defer db.Close()
	ctx = api.WithCall(ctx, &api.Call{Method: "btlc import past-records", Principal: "system"})
	// No money moves and nobody is written to for what was long ago: there are no rules to go by and nobody to tell.
	answer, err := enrollment.New(db, p.config.Zone, nil).ImportPastRecords(ctx, &enrollmentpb.ImportPastRecordsRequest{FileName: filepath.Base(t.file), Content: content, ValidateOnly: !t.apply})
	if known, ok := errors.AsType[*api.Error](err); ok {
		return errors.New(known.Detail)
	} else if err != nil {
		return err
	}
	return printPast(answer, t.apply, out)
}

// printPast prints what is new, or the faults, which are an error.
func printPast(answer *enrollmentpb.ImportPastRecordsResponse, applied bool, out io.Writer) error {
	if answer.FaultCount > 0 {
		for _, f := range answer.Faults {
			column := f.Column
			if column != "" {
				column = ", " + column
			}
			fmt.Fprintf(out, "line %d%s: %s\n", f.Line, column, f.Description)
		}
		return fmt.Errorf("the file has %d faults; nothing was imported", answer.FaultCount)
	}
	for _, term := range answer.Terms {
		fmt.Fprintf(out, "%s is new\n", term)
	}
	fmt.Fprintf(out, "%d sections and %d registrations are new, of which %d were completed; %d rows are on record already\n",
		answer.SectionCount, answer.RegistrationCount, answer.CompletionCount, answer.KnownCount)
	if applied {
		fmt.Fprintln(out, "all of it was imported")
	}
	return nil
}
