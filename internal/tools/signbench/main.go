// Command signbench measures how many credentials a CPU second signs, side by side in one run with the JavaScript reference
// stack (@digitalbazaar/vc) on the same documents: `make bench-signing`. What is counted is the CPU time of a process of its
// own for each, after a warm-up, so that other work on the machine does little to the ratio.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/btlc/btlc/internal/jsonld"
	"github.com/btlc/btlc/internal/openbadge"
)

// ways are what is measured, by the suites that sign; all is the proof set that the service issues.
var ways = map[string][]openbadge.Cryptosuite{
	"eddsa-rdfc-2022": {openbadge.EdDSARDFC}, "eddsa-jcs-2022": {openbadge.EdDSAJCS}, "both, as issued": nil,
}

func main() {
	count := flag.Int("count", 20000, "how many documents of a batch we sign a round; the reference signs a fiftieth")
	rounds := flag.Int("rounds", 5, "how many rounds; the figure is the median of their ratios")
	reference := flag.String("reference", "internal/tools/signbench/reference.mjs", "the script of the reference stack")
	flag.Parse()
	if err := run(context.Background(), *count, *rounds, *reference); err != nil {
		fmt.Fprintln(os.Stderr, "signbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, count, rounds int, reference string) error {
	key, err := openbadge.NewSigningKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		return err
	}
	sample, err := openbadge.Build(claim(certificate(), 0))
	if err != nil {
		return err
	}
	fmt.Printf("Batches of %d documents of about %d bytes on %d cores, %d rounds; signed documents a CPU second, medians.\n\n", count, len(sample), runtime.GOMAXPROCS(0), rounds)
	fmt.Println("| suite | reference | ours | ratio |\n| --- | --- | --- | --- |")
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		var theirs, ours, ratios []float64
		for range rounds {
			their, err := byReference(ctx, reference, way, sample, max(1, count/50))
			if err != nil {
				return err
			}
			our, err := byUs(ctx, key, ways[way], count)
			if err != nil {
				return err
			}
			theirs, ours, ratios = append(theirs, their), append(ours, our), append(ratios, our/their)
		}
		fmt.Printf("| %s | %.0f | %.0f | %.1f |\n", way, median(theirs), median(ours), median(ratios))
	}
	return nil
}

// byUs builds and signs a batch of one certificate, pre-flight included, on all cores.
func byUs(ctx context.Context, key openbadge.Signer, suites []openbadge.Cryptosuite, count int) (perSecond float64, err error) {
	certificate := certificate()
	runtime.GC()
	before := spent()
	var group sync.WaitGroup
	faults := make(chan error, runtime.GOMAXPROCS(0))
	for core := range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for n := core; n < count; n += runtime.GOMAXPROCS(0) {
				if _, err := openbadge.Issue(ctx, claim(certificate, n), key, issued, suites...); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	group.Wait()
	select {
	case err := <-faults:
		return 0, err
	default:
		return float64(count) / (spent() - before).Seconds(), nil
	}
}

// spent is the CPU time of this process.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // of this process: it cannot fail
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// byReference lets the reference stack sign the same document over and over.
func byReference(ctx context.Context, script, way string, document []byte, count int) (perSecond float64, err error) {
	contexts := map[string]json.RawMessage{}
	for _, url := range jsonld.Contexts() {
		if contexts[url], err = jsonld.Context(url); err != nil {
			return 0, err
		}
	}
	suites := []string{way}
	if ways[way] == nil {
		suites = []string{string(openbadge.EdDSARDFC), string(openbadge.EdDSAJCS)}
	}
	input, err := json.Marshal(map[string]any{"document": json.RawMessage(document), "contexts": contexts, "suites": suites, "count": count})
	if err != nil {
		return 0, err
	}
	command := exec.CommandContext(ctx, "node", script)
	command.Stdin, command.Stderr = bytes.NewReader(input), os.Stderr
	out, err := command.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", script, err)
	}
	return perSecond, json.Unmarshal(out, &perSecond)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
