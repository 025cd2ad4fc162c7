// Command bench measures the service as a ratio of the database's own limit: pgbench running the same statements on the
// same tables, in the same run, interleaved round by round. Run it by `make bench`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

type settings struct {
	credentials, rounds  int
	callers, connections int
	slot                 time.Duration
	only, keep           string
}

func main() {
	var s settings
	flag.IntVar(&s.credentials, "credentials", 1_000_000, "how many credentials to load, four to a person")
	flag.IntVar(&s.rounds, "rounds", 9, "how many rounds; the figure is the median of their ratios")
	flag.IntVar(&s.callers, "callers", 16, "how many callers the service has at once")
	flag.IntVar(&s.connections, "connections", 8, "how many connections the database has at once, from pgbench and from the service")
	flag.DurationVar(&s.slot, "slot", time.Second, "how long each measurement takes")
	flag.StringVar(&s.only, "only", "", "measure only what has this in its name")
	flag.StringVar(&s.keep, "keep", "", "keep the loaded database in this `folder`, and use it again the next time; for registrations it has to be fresh")
	serve := flag.String("serve", "", "for itself: be the server over this database")
	audit := flag.Bool("audit", true, "for itself: put reads on record")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *serve != "" {
		err = runServer(ctx, *serve, *audit, s.connections)
	} else {
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// operation is something that is measured: what the database does by itself, and what the service does of the same.
type operation struct {
	name string
	// script is what pgbench runs.
	script string
	// work is how many things one run of the script, and one call, does.
	work int
	// calls are the ways to the service.
	calls map[string]call
}

// call does the operation once, as the nth caller.
type call func(ctx context.Context, caller int) error

func run(ctx context.Context, s settings) error {
	p, err := newPlace(ctx, s)
	if err != nil {
		return err
	}
	defer p.close()
	fmt.Printf("%d credentials of %d people, %d connections, %d callers, %d rounds of %s; medians of the rounds' ratios\n", s.credentials, s.credentials/4, s.connections, s.callers, s.rounds, s.slot)
	operations := slices.DeleteFunc(p.operations(), func(op operation) bool { return !strings.Contains(op.name, s.only) })
	if len(operations) > 0 {
		fmt.Printf("\n| operation | database alone, per second | service, per second | ratio | p99 |\n| --- | --- | --- | --- | --- |\n")
	}
	for _, op := range operations {
		if err := p.measure(ctx, op); err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
	}
	if !strings.Contains(exportName, s.only) {
		return nil
	}
	return p.measureExports(ctx)
}

type figures struct{ ratios, base, service, p99 []float64 }

func (p *place) measure(ctx context.Context, op operation) error {
	ways := make([]string, 0, len(op.calls))
	for way := range op.calls {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	by := map[string]*figures{}
	for _, way := range ways {
		by[way] = &figures{}
	}
	for range p.settings.rounds {
		base, err := p.pgbench(ctx, op.script)
		if err != nil {
			return err
		}
		for _, way := range ways {
			rate, p99, err := load(ctx, op.calls[way], p.settings.callers, p.settings.slot)
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			f := by[way]
			f.ratios, f.base, f.service, f.p99 = append(f.ratios, rate/base), append(f.base, base), append(f.service, rate), append(f.p99, p99.Seconds()*1000)
		}
	}
	for _, way := range ways {
		f := by[way]
		work := float64(op.work)
		fmt.Printf("| %s, %s | %.0f | %.0f | %.2f | %.1f ms |\n", op.name, way, median(f.base)*work, median(f.service)*work, median(f.ratios), median(f.p99))
	}
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
