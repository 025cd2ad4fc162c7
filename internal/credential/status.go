package credential

import (
	"time"

	"github.com/btlc/btlc/internal/api"
)

// credentialLife is the life of a credential, by its status. What was revoked, superseded or has expired stays so: a new one
// is issued instead.
var credentialLife = api.Life{
	{"", "issue", "ACTIVE"},
	{"", "take the place of a suspended one", "SUSPENDED"},
	{"ACTIVE", "suspend", "SUSPENDED"},
	{"SUSPENDED", "reinstate", "ACTIVE"},
	{"ACTIVE", "revoke", "REVOKED"},
	{"SUSPENDED", "revoke", "REVOKED"},
	{"ACTIVE", "reissue", "SUPERSEDED"},
	{"SUSPENDED", "reissue", "SUPERSEDED"},
	{"ACTIVE", "expire", "EXPIRED"},
	{"SUSPENDED", "expire", "EXPIRED"},
}

// batchLife is the life of a batch of awards, by its state.
var batchLife = api.Life{
	{"", "batch issue", "RUNNING"},
	{"", "batch reissue of none", "DONE"},
	{"RUNNING", "finish", "DONE"},
}

// Lives are the life cycles of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/Credential": credentialLife, "btlc/IssueBatch": batchLife}

// standing is what a credential is worth at a time: its time is over when it is, not when the record has come to say so.
func standing(status string, expires *time.Time, now time.Time) string {
	if expires == nil || now.Before(*expires) {
		return status
	}
	if over, err := credentialLife.After("credential", status, "expire"); err == nil {
		return over
	}
	return status
}

// expiry is when an award ends that counts for so many months from its issue; nil for one that always counts. A day that
// the last month does not have is its last one: what begins on 31 August ends six months later on 28 or 29 February.
func expiry(issued time.Time, months *int32) *time.Time {
	if months == nil {
		return nil
	}
	end := issued.AddDate(0, int(*months), 0)
	if end.Day() != issued.Day() { // it went over into the month after
		end = end.AddDate(0, 0, -end.Day())
	}
	return &end
}
