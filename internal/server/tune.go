package server

import (
	"os"
	"runtime/debug"

	"github.com/google/uuid"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"
)

// Tune lets garbage wait longer than Go does by itself: answers are small and die young, so a heap of a few megabytes would
// be collected a hundred times a second under load. GOGC in the environment wins. Random bytes for ids are fetched from the
// system for sixteen ids at a time. gRPC keeps buffers of all powers of two: of its own sizes one of a megabyte is wiped for an
// answer of forty kilobytes.
func Tune() {
	uuid.EnableRandPool()
	if pool, err := mem.NewBinaryTieredBufferPool(8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20); err == nil {
		experimental.SetDefaultBufferPool(pool)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
