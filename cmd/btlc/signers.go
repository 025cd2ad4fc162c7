package main

import (
	"context"
	"errors"

	"github.com/btlc/btlc/internal/config"
	"github.com/btlc/btlc/internal/kms"
	"github.com/btlc/btlc/internal/openbadge"
)

// signers are the keys that services hold.
type signers []*kms.Key

// openSigners opens all that the settings name.
func openSigners(ctx context.Context, c *config.Config) (opened signers, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.RequestTimeout)
	defer cancel()
	for _, uri := range c.SigningKeysKMS {
		key, err := kms.Open(ctx, uri)
		if err != nil {
			return nil, errors.Join(err, opened.close())
		}
		opened = append(opened, key)
	}
	return opened, nil
}

func (s signers) all() []openbadge.Signer {
	all := make([]openbadge.Signer, 0, len(s))
	for _, key := range s {
		all = append(all, key)
	}
	return all
}

func (s signers) close() error {
	var errs []error
	for _, key := range s {
		errs = append(errs, key.Close())
	}
	return errors.Join(errs...)
}
