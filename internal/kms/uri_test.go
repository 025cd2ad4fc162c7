package kms

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestURIs(t *testing.T) {
	const version = "projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
	for uri, fault := range map[string]string{
		"awskms:key-id=1234abcd-12ab-34cd-56ef-1234567890ab":                                                     "",
		"awskms:key-id=alias/credentials;region=us-east-1":                                                       "",
		"AWSKMS:key-id=arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab;profile=btlc": "",
		"cloudkms:resource=" + version:                                                                           "",
		"cloudkms:resource=" + version + ";credentials-file=/x":                                                  "",
		"azurekms:vault=btlc;name=credentials;version=1":                                                         "",

		"":                                "SCHEME:NAME=VALUE",
		"key.pem":                         "SCHEME:NAME=VALUE",
		"aws kms:key-id=1":                "SCHEME:NAME=VALUE",
		"pkcs11:token=t;object=k":         "one of awskms, azurekms, cloudkms, softkms",
		"awskms:":                         "key-id is missing",
		"awskms:key-id=":                  "key-id has to have one value",
		"awskms:key-id=1;key-id=2":        "key-id has to have one value",
		"awskms:keyid=1":                  "none of awskms:key-id=…[;region=…]",
		"awskms:key-id=alias/Credentials": "without capitals",
		"awskms://key-id=1":               "by attributes alone",
		"awskms:/key-id=1":                "by attributes alone",
		"awskms:key-id=1?region=us-east-1;pin-value=hunter2": "by attributes alone",
		"awskms:key-id=1#hunter2":                            "by attributes alone",
		"cloudkms:resource=projects/p":                       "cryptoKeyVersions/N",
		"cloudkms:" + version:                                "none of cloudkms:resource=…",
		"azurekms:vault=btlc;name=credentials":               "version is missing of azurekms:vault=…;name=…;version=…",
		"azurekms:vault=v;name=n;version=1;client-id=c;client-secret=hunter2;tenant-id=t": "AZURE_CLIENT_SECRET",
	} {
		err := CheckURI(uri)
		if fault == "" {
			if err != nil {
				t.Errorf("%s: %v", uri, err)
			}
			continue
		}
		if !errors.Is(err, ErrURI) || !strings.Contains(err.Error(), fault) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// Wherever a secret stands in a URI that should not have one, the error does not repeat it.
func TestErrorsShowNoSecrets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Za-z0-9+/%]{0,12}hunter2[A-Za-z0-9+/%&;?#@]{0,12}`).Draw(t, "secret")
		scheme := rapid.SampledFrom([]string{"awskms", "cloudkms", "azurekms", "softkms", "pkcs11", "x y"}).Draw(t, "scheme")
		place := rapid.SampledFrom([]string{
			":pin-value=@", ":token=t?pin-value=@", ":key-id=1;client-secret=@", ":key-id=1;@=1", ":key-id=1?x=1;pin-value=@",
			"://user:@@host/key", ":@", "://@", ":/@", ":key-id=1#@", ":vault=v;name=n;version=1;client-secret=@",
		}).Draw(t, "place")
		uri := scheme + strings.Replace(place, "@", secret, 1)
		_, err := Open(t.Context(), uri)
		if !errors.Is(err, ErrURI) {
			t.Fatalf("%s: %v", uri, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", uri, err)
		}
	})
}
