package server

import (
	"os"
	"runtime/debug"
)

// Tune lets garbage wait longer than Go does by itself: answers are small and die young, so a heap of a few megabytes would
// be collected a hundred times a second under load. GOGC in the environment wins.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
