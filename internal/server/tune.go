package server

import (
	"os"
	"runtime/debug"

	"github.com/google/uuid"
)

// Tune lets garbage wait longer than Go does by itself: answers are small and die young, so a heap of a few megabytes would
// be collected a hundred times a second under load. GOGC in the environment wins. Random bytes for ids are fetched from the
// system for sixteen ids at a time.
func Tune() {
	uuid.EnableRandPool()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
