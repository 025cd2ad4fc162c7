// Command withpg runs a command beside a PostgreSQL of its own, so that the tests of many packages share one server:
//
//	go run ./internal/database/databasetest/withpg -- go test ./...
//
// The command finds the server through BTLC_TEST_DATABASE_URL. The server ends with the command, and withpg exits with
// the command's code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/btlc/btlc/internal/database/databasetest"
)

const (
	// startPatience bounds the server's start.
	startPatience = 2 * time.Minute

	// failed is the exit code when the command could not be run, by the habit of env and nohup.
	failed = 125
)

func main() {
	command := os.Args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpg [--] command [argument…]")
		os.Exit(failed)
	}
	code, err := run(command)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(code)
}

// run returns the command's exit code, 128 and the signal's number when one ended it, or failed with the reason.
func run(command []string) (code int, err error) {
	// From the first moment on: a signal during the start must not leave the server's directory behind.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)

	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	address, stop, err := databasetest.StartServer(ctx)
	if err != nil {
		return failed, err
	}
	defer func() {
		if stopErr := stop(); stopErr != nil {
			err = errors.Join(err, stopErr)
			code = max(code, 1)
		}
	}()

	child := exec.Command(command[0], command[1:]...)
	child.Env = append(os.Environ(), databasetest.AddressVariable+"="+address)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		return failed, err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case received := <-signals:
			if err := child.Process.Signal(received); err != nil && !errors.Is(err, os.ErrProcessDone) {
				fmt.Fprintln(os.Stderr, "withpg: forward a signal:", err)
			}
		case err := <-ended:
			return exitCode(child.ProcessState, err)
		}
	}
}

// exitCode tells a command that ended badly, which speaks for itself, from one that could not be waited for.
func exitCode(state *os.ProcessState, err error) (int, error) {
	if _, badly := errors.AsType[*exec.ExitError](err); err != nil && !badly {
		return failed, err
	}
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}
