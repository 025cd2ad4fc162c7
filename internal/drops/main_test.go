package drops

import (
	"testing"

	"github.com/btlc/btlc/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }
