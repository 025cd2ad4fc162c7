package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/ent/migrate/migrations"
	directorypb "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/directory"
)

func newImport() *cobra.Command {
	all := &cobra.Command{Use: "import", Short: "Bring in what others keep"}
	all.AddCommand(newImportRoster(), newImportPastRecords())
	return all
}

// rosterTask is a roster to be planned, and applied when asked.
type rosterTask struct {
	file, district string
	apply          bool
	// endings confirms how many employments end; below zero nothing is confirmed.
	endings int32
}

func newImportRoster() *cobra.Command {
	task := rosterTask{}
	command := &cobra.Command{
		Use:   "roster file",
		Short: "Plan a district's OneRoster roster, and apply it",
		Long: `Roster reads the ZIP of a OneRoster 1.2 or 1.1 export and prints what it would change of the district's schools and
staff; of a faulty file, every fault by file and line. A file of more than 2,000,000 rows or 512 MiB is faulty, but read to its end.
Nothing is read of a ZIP of more than 4 GiB, or whose files have more than 16 GiB when unpacked. With --apply it makes all of the
changes, or none of them. When so many employments would end that the plan is blocked, look at them first, and confirm their number with
--confirm-endings.

The import is kept as if it had come by the API, which can show and undo it. It is on the audit record, as written by system
with the method "btlc import roster". Whoever may do this reaches the database as the owner of its tables: with --database-url, give that
address by --migrate-database-url. Without it, the roster goes into the private PostgreSQL, which must not be running: stop the
server before.`,
		Example: `  btlc import roster roster.zip --district bps
  btlc import roster roster.zip --district bps --apply --confirm-endings 120`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if _, ok := api.IDs("btlc/District", "districts/"+task.district); !ok {
				return usageError{errors.New("--district names the district by its id, such as bps")}
			}
			task.file = arguments[0]
			return withPostgres(command, task.run)
		},
	}
	command.Flags().StringVar(&task.district, "district", "", "the `id` of the district")
	command.Flags().BoolVar(&task.apply, "apply", false, "make the changes")
	command.Flags().Int32Var(&task.endings, "confirm-endings", -1, "the `number` of employments that end, when the plan is blocked")
	config.AddFlags(command.Flags(), databaseSettings...)
	return command
}

func (r rosterTask) run(ctx context.Context, p *postgres, out io.Writer) (err error) {
	file, err := os.Open(r.file)
	if err != nil {
		return fmt.Errorf("open the roster: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open the roster: %w", err)
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
	service := directory.New(db)
	ctx = api.WithCall(ctx, &api.Call{Method: "btlc import roster", Principal: "system"})
	planned, faults, err := service.PlanRoster(ctx, "districts/"+r.district, filepath.Base(r.file), file, info.Size())
	if known, ok := errors.AsType[*api.Error](err); ok {
		return errors.New(known.Detail)
	} else if err != nil {
		return err
	} else if faults != nil {
		return faults
	}
	if err := printRoster(ctx, service, planned, out); err != nil || !r.apply {
		return err
	}
	request := &directorypb.ApplyRosterImportRequest{Name: planned.Name}
	if r.endings >= 0 {
		request.ConfirmEndings = &r.endings
	}
	applied, err := service.ApplyRosterImport(ctx, request)
	if known, ok := errors.AsType[*api.Error](err); ok {
		for _, v := range known.Violations {
			known.Detail += "\n  " + v.Field + " " + v.Description
		}
		return errors.New(known.Detail)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s was applied\n", applied.RosterImport.Name)
	return nil
}

// printRoster prints a plan, a line for each action, and its numbers.
func printRoster(ctx context.Context, service *directory.Service, planned *directorypb.RosterImport, out io.Writer) error {
	request := &directorypb.ListRosterActionsRequest{Parent: planned.Name, PageSize: api.MaxPageSize}
	for {
		page, err := service.ListRosterActions(ctx, request)
		if err != nil {
			return err
		}
		for _, a := range page.RosterActions {
			line := fmt.Sprintf("line %d: %s %s: ", a.Line, strings.ToLower(strings.ReplaceAll(api.EnumWord(a.Kind), "_", " ")), a.Key)
			if a.Before != "" {
				line += a.Before + " -> "
			}
			fmt.Fprintln(out, line+a.After)
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			break
		}
	}
	c := planned.Counts
	fmt.Fprintf(out, "%s\n  schools: %d added, %d renamed, %d missing\n  people: %d added, %d changed, %d unchanged, %d to look at\n  employments: %d added, %d moved, %d ended\n",
		planned.Name, c.SchoolsAdded, c.SchoolsRenamed, c.SchoolsMissing, c.PeopleAdded, c.PeopleChanged, c.Unchanged, c.Ambiguous, c.EmploymentsAdded, c.EmploymentsMoved, c.EmploymentsEnded)
	if planned.BlockedReason != "" {
		fmt.Fprintf(out, "blocked: %s; --confirm-endings %d lets it through\n", planned.BlockedReason, c.EmploymentsEnded)
	}
	return nil
}
