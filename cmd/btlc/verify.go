package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/btlc/btlc/internal/openbadge"
	"github.com/btlc/btlc/internal/verify"
)

var errNotValid = errors.New("the credential is not valid")

func newVerify() *cobra.Command {
	var key, moment string
	command := &cobra.Command{
		Use:   "verify file",
		Short: "Verify a credential, without the network",
		Long: `Verify checks a credential that somebody shows: a JSON document, a JWT, or a PNG or SVG badge with one of these inside.
It needs no server, no database and no network, so the issuer's key is to be given: as a multikey (z6Mk…), as a JWK, or as
the file that the issuer publishes at /.well-known/did.json, which knows of revoked keys too. Without a key, only issuers
that are a did:key can be verified. The file - is what comes in on standard input.

Each check is shown with its outcome: passed, failed, unknown, or absent where there is nothing to check. The exit code is 0
when everything that can be checked is as it should be, and 1 otherwise. Whether the credential was revoked since it was
signed cannot be told without asking: that line says "not checked", and the exit code does not count it. For an answer
that includes it, send the credential to POST /v1/credentials:verify of a server.`,
		Example: `  btlc verify badge.png --key did.json
  btlc verify credential.json --key z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK
  btlc verify - --key did.json --now 2027-01-01T00:00:00Z < credential.jwt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return usageError{fmt.Errorf("name the file with the credential, or - for standard input\nSee: %s --help", command.CommandPath())}
			}
			options := verify.Options{Now: time.Now(), WithoutStatus: true}
			var err error
			if moment != "" {
				if options.Now, err = time.Parse(time.RFC3339, moment); err != nil {
					return usageError{fmt.Errorf("--now: %q is not a time such as 2027-01-01T00:00:00Z", moment)}
				}
			}
			if key != "" {
				if options.Keys, err = trusted(command.Context(), key); err != nil {
					return fmt.Errorf("--key: %w", err)
				}
			}
			input, err := readInput(command.InOrStdin(), arguments[0])
			if err != nil {
				return err
			}
			result, err := verify.Document(command.Context(), input, options)
			if err != nil {
				return err
			}
			return showVerified(command.OutOrStdout(), result)
		},
	}
	command.Flags().StringVar(&key, "key", "", "the issuer's key: a multikey, a JWK, or a file with a JWK or the issuer's did.json")
	command.Flags().StringVar(&moment, "now", "", "the moment for which is asked, such as 2027-01-01T00:00:00Z; now unless given")
	return command
}

// readInput reads a file, or what comes in for -. One byte more than is verified tells that there is too much.
func readInput(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, verify.MaxImage+1))
}

// maxKey is the largest file with a key that is read.
const maxKey = 256 << 10

// trusted resolves the key that somebody trusts: the one that they give by itself goes by any name.
func trusted(ctx context.Context, given string) (openbadge.Resolver, error) {
	if key, err := openbadge.ParseMultikey(given); err == nil {
		return anyName(key), nil
	}
	document := []byte(given)
	if !strings.HasPrefix(strings.TrimSpace(given), "{") {
		file, err := os.Open(given)
		if err != nil {
			return nil, fmt.Errorf("neither a multikey of Ed25519, P-256, P-384 or P-521, nor a JWK, nor a file: %w", err)
		}
		defer file.Close()
		if document, err = io.ReadAll(io.LimitReader(file, maxKey)); err != nil {
			return nil, err
		}
	}
	var identity struct {
		ID      string `json:"id"`
		Methods []struct {
			ID string `json:"id"`
		} `json:"verificationMethod"`
	}
	if err := json.Unmarshal(document, &identity); err != nil {
		return nil, fmt.Errorf("neither a JWK nor a DID document: %w", err)
	}
	if len(identity.Methods) == 0 {
		key, err := openbadge.ParseJWK(document)
		if err != nil {
			return nil, err
		}
		return anyName(key), nil
	}
	inDocument := openbadge.ResolveWeb(func(context.Context, string) ([]byte, error) { return document, nil })
	var keys []openbadge.PublicKey
	for _, method := range identity.Methods {
		name := method.ID
		if strings.HasPrefix(name, "#") {
			name = identity.ID + name
		}
		if key, err := inDocument(ctx, name, openbadge.AssertionMethod); err == nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the DID document of %q has no key that signs credentials", identity.ID)
	}
	byURL := openbadge.ResolveAmong(identity.ID, keys)
	return func(ctx context.Context, method string, purpose openbadge.Purpose) (openbadge.PublicKey, error) {
		if !strings.HasPrefix(method, identity.ID+"#") {
			return byURL(ctx, method, purpose)
		}
		key, err := inDocument(ctx, method, purpose)
		if errors.Is(err, openbadge.ErrUnknownKey) {
			return key, fmt.Errorf("%w: its document has no such key", openbadge.ErrWrongIssuer)
		}
		return key, err
	}, nil
}

func anyName(key openbadge.PublicKey) openbadge.Resolver {
	return func(context.Context, string, openbadge.Purpose) (openbadge.PublicKey, error) { return key, nil }
}

// showVerified shows what was found; errNotValid when that is not enough to rely on.
func showVerified(out io.Writer, result verify.Result) error {
	unasked := false
	for _, check := range result.Checks {
		fmt.Fprintf(out, "%-8s %-8s %s\n", strings.ToLower(string(check.Outcome)), check.Name, check.Detail)
		unasked = unasked || check.Name == verify.Status && check.Outcome == verify.Unknown
	}
	if !result.Valid {
		return errNotValid
	}
	fmt.Fprintf(out, "valid: %s, issued by %s", result.Title, result.IssuerID)
	if unasked {
		fmt.Fprint(out, "; status not checked")
	}
	fmt.Fprintln(out)
	return nil
}
