package api

import (
	"context"
	"crypto/sha256"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/btlc/btlc/internal/database"
)

// ReplayedHeader tells that an answer is the first one again.
const ReplayedHeader = "idempotency-replayed"

// Write carries out a request that writes, in one transaction: idempotency key, domain rows, change feed and audit record
// are there together or not at all. With validate_only it answers what would be and writes nothing.
func Write[A proto.Message](ctx context.Context, db *database.DB, req proto.Message, do func(ctx context.Context, tx *database.Tx) (A, error)) (A, error) {
	return write(ctx, db, req, true, do)
}

// WriteSecret is Write for an answer that holds a secret: it is not kept, so a repeated request gets SECRET_ALREADY_SHOWN.
func WriteSecret[A proto.Message](ctx context.Context, db *database.DB, req proto.Message, do func(ctx context.Context, tx *database.Tx) (A, error)) (A, error) {
	return write(ctx, db, req, false, do)
}

func write[A proto.Message](ctx context.Context, db *database.DB, req proto.Message, keep bool, do func(ctx context.Context, tx *database.Tx) (A, error)) (answer A, err error) {
	var none A
	call := CallOf(ctx)
	call.markWrote()
	key, hash, err := idempotency(call, req)
	if err != nil {
		return none, err
	}
	replayed := false
	err = db.InTx(ctx, validateOnly(req), func(ctx context.Context, tx *database.Tx) error {
		if key != "" {
			kept, replay, err := tx.Claim(ctx, call.Principal, call.Method, key, hash)
			if errors.Is(err, database.ErrKeyReused) {
				return Errorf(IdempotencyKeyReused, "The key %q came with another request in the last 24 hours: take a new key for a new request.", key)
			} else if err != nil {
				return err
			}
			if replayed = replay; replay {
				if kept == nil {
					return Errorf(SecretAlreadyShown, "The request was carried out before and its answer held a secret. Revoke that key and make another.")
				}
				answer = none.ProtoReflect().New().Interface().(A)
				return proto.Unmarshal(kept, answer)
			}
		}
		if answer, err = do(ctx, tx); err != nil {
			return err
		}
		if key != "" && keep {
			kept, err := proto.MarshalOptions{Deterministic: true}.Marshal(answer)
			if err != nil {
				return err
			}
			if kept == nil {
				kept = []byte{}
			}
			if err := tx.Remember(ctx, call.Principal, call.Method, key, kept); err != nil {
				return err
			}
		}
		return tx.AuditWrite(ctx, call.Principal, call.Method, call.RequestID)
	})
	if err != nil {
		return none, ofAllTables.Translate(err)
	}
	if replayed {
		// Outside of a server there is nobody to tell.
		_ = grpc.SetHeader(ctx, metadata.Pairs(ReplayedHeader, "true"))
	}
	return answer, nil
}

// idempotency is the key of a request, from its body or the header, and the hash that tells another request apart. A request
// without a field for it takes none: clients send the header with whatever writes, and of what must not be joined to its
// sender not even a hash may be kept.
// A retry goes over the same transport with the same body: the gateway gives an update without a mask that of its body, so
// that over gRPC it would be another request, and refused.
func idempotency(call *Call, req proto.Message) (key string, hash []byte, err error) {
	m := req.ProtoReflect()
	if m.Descriptor().Fields().ByName("request_id") == nil {
		return "", nil, nil
	}
	key = stringField(m, "request_id")
	switch {
	case key == "":
		key = call.IdempotencyKey
	case call.IdempotencyKey != "" && call.IdempotencyKey != key:
		return "", nil, InvalidField("requestId", "differs from the Idempotency-Key header: give one of them")
	}
	if key == "" || validateOnly(req) {
		return "", nil, nil
	}
	if len(key) > 128 {
		return "", nil, InvalidField("requestId", "has more than 128 characters")
	}
	bare := proto.Clone(req)
	bare.ProtoReflect().Clear(m.Descriptor().Fields().ByName("request_id"))
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
	if err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256(append([]byte(call.IfMatch+"\x00"), wire...))
	return key, sum[:], nil
}

func validateOnly(req proto.Message) bool {
	fd := req.ProtoReflect().Descriptor().Fields().ByName("validate_only")
	return fd != nil && fd.Kind() == protoreflect.BoolKind && req.ProtoReflect().Get(fd).Bool()
}

// ofAllTables are constraints that stand on whatever belongs to a person.
var ofAllTables = Conflicts{
	"educator_is_merged": func() *Error {
		return Errorf(ReferenceNotFound, "The educator's record was merged into another one: use that. Its name is in `mergedInto` of the educator.")
	},
}

// Conflicts says what the violation of a constraint, by name, means to the caller.
type Conflicts map[string]func() *Error

// Translate makes an error of the database one that callers see, when a constraint that is listed was violated.
func (c Conflicts) Translate(err error) error {
	if name, ok := database.Constraint(err); ok {
		if meaning, listed := c[name]; listed {
			return meaning()
		}
	}
	return err
}
