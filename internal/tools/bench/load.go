package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/btlc/btlc/internal/database"
)

// load calls as fast as callers can for a while: calls a second, and the time that 99 of 100 took at most.
func load(ctx context.Context, do call, callers int, slot time.Duration) (rate float64, p99 time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	times := make([][]time.Duration, callers)
	faults := make(chan error, callers)
	var group sync.WaitGroup
	started := time.Now()
	for c := range callers {
		group.Go(func() {
			for time.Since(started) < slot && ctx.Err() == nil {
				before := time.Now()
				if err := do(ctx, c); err != nil {
					faults <- err
					cancel()
					return
				}
				times[c] = append(times[c], time.Since(before))
			}
		})
	}
	group.Wait()
	took := time.Since(started)
	select {
	case err := <-faults:
		return 0, 0, err
	default:
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	return float64(len(all)) / took.Seconds(), all[len(all)*99/100], nil
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench runs a script with as many connections as the service has: transactions a second.
func (p *place) pgbench(ctx context.Context, script string) (float64, error) {
	command := exec.CommandContext(ctx, p.pgbenchPath, "--no-vacuum", "--protocol=prepared", "--client="+strconv.Itoa(p.settings.connections), "--jobs=2",
		"--time="+strconv.Itoa(max(1, int(p.settings.slot.Seconds()))), "--file=-", "--host="+p.socket, "--username="+database.OwnerRole, database.Name) // #nosec G204 -- our own arguments
	command.Stdin = strings.NewReader(script)
	command.Env = append(command.Environ(), "PGOPTIONS=-c role="+database.ServerRole)
	out, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench said no rate:\n%s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
