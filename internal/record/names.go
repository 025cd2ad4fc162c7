package record

// A record's parts are named by their contracts, so whoever uses the record has these too.
import (
	_ "github.com/btlc/btlc/gen/go/btlc/assessment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/credential/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/directory/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/enrollment/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/feedback/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/gradcredit/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/ledger/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/notice/v1"
	_ "github.com/btlc/btlc/gen/go/btlc/roleinventory/v1"
)
