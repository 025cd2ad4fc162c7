package change

import (
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/btlc/btlc/internal/api"
	"github.com/btlc/btlc/internal/webhook"
)

// subscriptionLife is that of webhook subscriptions. They fail by themselves; what has failed can be enabled again.
var subscriptionLife = api.Life{
	{"", "create", "ENABLED"},
	{"ENABLED", "disable", "DISABLED"},
	{"ENABLED", "fail", "FAILED"},
	{"FAILED", "disable", "DISABLED"},
	{"FAILED", "enable", "ENABLED"},
	{"DISABLED", "enable", "ENABLED"},
}

// Lives are the lives of this context's resources, by type.
var Lives = map[string]api.Life{"btlc/WebhookSubscription": subscriptionLife}

// checkURL says what is wrong with the URL of a subscription. An address that is written out can be judged at once; where a
// name leads is judged at each attempt, by what connects.
func checkURL(text string, networks []netip.Prefix) *api.Violation {
	const field = "webhookSubscription.url"
	if webhook.CheckURL(text) != nil {
		return &api.Violation{Field: field, Description: "is an https:// URL without user and fragment; http:// only for loopback addresses that the server allows"}
	}
	u, err := url.Parse(text)
	if err != nil {
		return &api.Violation{Field: field, Description: "is not a URL"}
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return nil // a name
	}
	ip = ip.Unmap().WithZone("")
	named := slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(ip) })
	if !named && (!ip.IsGlobalUnicast() || ip.IsPrivate()) {
		return &api.Violation{Field: field, Description: "leads to a private address, which this server does not post to"}
	}
	return nil
}

// wants says whether a subscription to these types, all for none, gets changes of that one.
func wants(types []string, resourceType string) bool {
	return len(types) == 0 || slices.Contains(types, resourceType)
}

// secretsOf are those that sign at a time: the one that holds, and the one of before until it expires.
func secretsOf(secret []byte, previous *[]byte, expire *time.Time, now time.Time) ([]webhook.Secret, error) {
	texts := []string{string(secret)}
	if previous != nil && expire != nil && expire.After(now) {
		texts = append(texts, string(*previous))
	}
	secrets := make([]webhook.Secret, len(texts))
	for i, text := range texts {
		var err error
		if secrets[i], err = webhook.ParseSecret(text); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}
