package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/database"
	"github.com/btlc/btlc/internal/program"
)

func newProgram() *cobra.Command {
	command := &cobra.Command{
		Use:   "program",
		Short: "The program's data: framework, courses, policies, roles",
		Long: `The program's data are YAML files in this binary: the framework with its competencies and assessments, the courses, the
credential types with their policies, the role families, the institutions and agreements. Each says which public source
it comes from, or that it is an assumption.`,
	}
	load := &cobra.Command{
		Use:   "load",
		Short: "Write the program's data to the database",
		Long: `Load writes what is missing and changes titles and descriptions that differ. A version of the framework, of a course or
of a policy that is stored never changes: when the files say otherwise, nothing is written. The server does this by
itself when it starts. The tables must be up to date: see btlc migrate.`,
		Example: `  btlc program load
  BTLC_DATABASE_URL=postgres://btlc:secret@db.example.org/btlc btlc program load`,
		RunE: func(command *cobra.Command, _ []string) error {
			return withPostgres(command, func(ctx context.Context, p *postgres, out io.Writer) (err error) {
				data, err := program.Load()
				if err != nil {
					return err
				}
				pool, err := p.pool(ctx)
				if err != nil {
					return err
				}
				db := database.NewDB(pool, nil)
				defer func() {
					db.Close()
					err = errors.Join(err, pool.Close())
				}()
				if err := program.Store(ctx, db, data); err != nil {
					return err
				}
				showProgram(out, data)
				return nil
			})
		},
	}
	config.AddFlags(load.Flags(), databaseSettings...)
	check := &cobra.Command{
		Use:   "check [directory]",
		Short: "Check the program's data files",
		Long: `Check reads the files in a directory, or those in this binary when none is given, and says everything that is wrong with
them, or how much there is. It needs no database.`,
		Example: `  btlc program check
  btlc program check internal/program/data`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			data, err := program.Load()
			if len(arguments) == 1 {
				data, err = program.Parse(os.DirFS(arguments[0]))
			}
			if err != nil {
				return err
			}
			showProgram(command.OutOrStdout(), data)
			return nil
		},
	}
	command.AddCommand(load, check)
	return command
}

func showProgram(out io.Writer, p *program.Program) {
	competencies, assessments, slots := 0, 0, 0
	policies := map[string]bool{}
	for _, version := range p.Policies {
		policies[version.ID] = true
	}
	for _, skill := range p.Framework.CoreSkills {
		competencies += len(skill.Competencies)
		assessments += len(skill.Assessments)
		for _, a := range skill.Assessments {
			slots += len(a.Slots)
		}
	}
	for _, line := range []struct {
		count int
		what  string
	}{
		{len(p.Framework.CoreSkills), "core skills"}, {competencies, "competencies"}, {assessments, "performance assessments"}, {slots, "evidence slots"},
		{len(p.Courses), "courses"}, {len(p.CredentialTypes), "credential types"}, {len(policies), "policies"}, {len(p.Policies), "versions of policies"},
		{len(p.RoleFamilies), "role families"}, {len(p.Roles), "formal roles"}, {len(p.Institutions), "institutions"}, {len(p.Agreements), "agreements"},
		{len(p.Resources), "resources"}, {len(p.Sources), "sources"},
	} {
		fmt.Fprintf(out, "%4d %s\n", line.count, line.what)
	}
}
