package api

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// UpdateRequest is what all update requests have.
type UpdateRequest interface {
	proto.Message
	GetUpdateMask() *fieldmaskpb.FieldMask
}

// ApplyMask is the resource as the update makes it: current, with the masked fields taken from the request. It checks
// the etag, that no immutable field changes, and the whole result against the contract. Without a mask every field that
// is set counts (AIP-134); output-only fields are ignored (AIP-203).
func ApplyMask[R proto.Message](ctx context.Context, req UpdateRequest, current R) (R, error) {
	var none R
	field := updatedResource(req.ProtoReflect().Descriptor())
	patch := req.ProtoReflect().Get(field).Message()
	if err := CheckEtag(ctx, patch, current); err != nil {
		return none, err
	}
	next := proto.Clone(current).(R)
	masked, violations := maskedFields(req, field, patch)
	for _, fd := range masked {
		rules := rulesOf(fd)
		switch {
		case rules.output || rules.identifier || fd.Name() == "etag":
		case rules.immutable:
			if !patch.Get(fd).Equal(current.ProtoReflect().Get(fd)) {
				violations = append(violations, Violation{Field: field.JSONName() + "." + fd.JSONName(), Description: "cannot be changed after creation"})
			}
		case patch.Has(fd):
			next.ProtoReflect().Set(fd, patch.Get(fd))
		default:
			next.ProtoReflect().Clear(fd)
		}
	}
	violations = append(violations, validateResource(field.JSONName(), next)...)
	if len(violations) > 0 {
		return none, Invalid(violations...)
	}
	return next, nil
}

func maskedFields(req UpdateRequest, field protoreflect.FieldDescriptor, patch protoreflect.Message) (masked []protoreflect.FieldDescriptor, violations []Violation) {
	fields := field.Message().Fields()
	paths := req.GetUpdateMask().GetPaths()
	if len(paths) == 0 || len(paths) == 1 && paths[0] == "*" {
		for i := range fields.Len() {
			if fd := fields.Get(i); len(paths) == 1 || patch.Has(fd) {
				masked = append(masked, fd)
			}
		}
		return masked, nil
	}
	for _, path := range paths {
		first, _, _ := strings.Cut(path, ".")
		fd := fields.ByName(protoreflect.Name(first))
		if fd == nil {
			fd = fields.ByJSONName(first)
		}
		if fd == nil {
			violations = append(violations, Violation{Field: "updateMask", Description: "has no field " + first})
			continue
		}
		masked = append(masked, fd)
	}
	return masked, violations
}

// CheckEtag compares the etag that the request carries, in its `etag` field or in If-Match, with that of current. No
// etag means: whatever it is now.
func CheckEtag(ctx context.Context, req protoreflect.Message, current proto.Message) error {
	now := stringField(current.ProtoReflect(), "etag")
	for _, want := range []string{stringField(req, "etag"), strings.Trim(strings.TrimPrefix(CallOf(ctx).IfMatch, "W/"), `"`)} {
		if want != "" && want != "*" && want != now {
			return Errorf(EtagMismatch, "The etag is %q now, not %q: read it again and decide anew.", now, want).With("etag", now)
		}
	}
	return nil
}

func stringField(m protoreflect.Message, name protoreflect.Name) string {
	if fd := m.Descriptor().Fields().ByName(name); fd != nil && fd.Kind() == protoreflect.StringKind {
		return m.Get(fd).String()
	}
	return ""
}
