package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxText is how many characters a text may have when the contract does not say.
const maxText = 4096

// proseFrom is the declared length from which a text may have line breaks.
const proseFrom = 1000

// Validate checks a request against the contract: constraints, required fields, resource names, and characters that no
// text may hold. All that is wrong is reported at once. The resource inside an update is partial, so its own rules are
// checked by ApplyMask, on what it becomes.
func Validate(req proto.Message) error {
	m := req.ProtoReflect()
	partial := updatedResource(m.Descriptor())
	w := &walker{list: strings.HasPrefix(string(m.Descriptor().Name()), "List"), partial: partial}
	w.message("", m)
	violations := append(w.violations, constraintViolations(req, partial, w.violations)...)
	if len(violations) > 0 {
		return Invalid(violations...)
	}
	return nil
}

// validateResource checks a whole resource, as it would be after an update; field is its name in the request.
func validateResource(field string, resource proto.Message) []Violation {
	w := &walker{}
	w.message(field+".", resource.ProtoReflect())
	found := constraintViolations(resource, nil, nil)
	for i := range found {
		found[i].Field = field + "." + found[i].Field
	}
	return append(w.violations, slices.DeleteFunc(found, func(v Violation) bool { return w.has(v.Field) })...)
}

var validator = sync.OnceValue(func() protovalidate.Validator {
	v, err := protovalidate.New()
	if err != nil {
		panic(fmt.Sprintf("protovalidate: %v", err)) // only a fault of the library's own rules gets here
	}
	return v
})

func constraintViolations(req proto.Message, skip protoreflect.FieldDescriptor, known []Violation) []Violation {
	var options []protovalidate.ValidationOption
	if skip != nil {
		options = append(options, protovalidate.WithFilter(protovalidate.FilterFunc(func(_ protoreflect.Message, d protoreflect.Descriptor) bool {
			return d.FullName() != skip.FullName()
		})))
	}
	err := validator().Validate(req, options...)
	var failed *protovalidate.ValidationError
	if err == nil {
		return nil
	} else if !errors.As(err, &failed) {
		return []Violation{{Description: "cannot be checked against the contract"}}
	}
	var violations []Violation
	for _, v := range failed.Violations {
		path := jsonPath(v.Proto.GetField())
		if !slices.ContainsFunc(known, func(k Violation) bool { return k.Field == path }) {
			violations = append(violations, Violation{Field: path, Description: v.Proto.GetMessage()})
		}
	}
	return violations
}

func jsonPath(path *validate.FieldPath) string {
	var b strings.Builder
	for i, element := range path.GetElements() {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(camel(element.GetFieldName()))
		switch s := element.GetSubscript().(type) {
		case *validate.FieldPathElement_Index:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case *validate.FieldPathElement_StringKey:
			fmt.Fprintf(&b, "[%q]", s.StringKey)
		}
	}
	return b.String()
}

func camel(snake string) string {
	parts := strings.Split(snake, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// walker checks what protovalidate has no rule for.
type walker struct {
	list       bool
	partial    protoreflect.FieldDescriptor
	violations []Violation
}

func (w *walker) add(field, format string, args ...any) {
	w.violations = append(w.violations, Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

func (w *walker) has(field string) bool {
	return slices.ContainsFunc(w.violations, func(v Violation) bool { return v.Field == field })
}

func (w *walker) message(prefix string, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		rules := rulesOf(fd)
		if rules.output {
			continue // what a caller sends there is ignored (AIP-203)
		}
		path := prefix + fd.JSONName()
		present := m.Has(fd)
		inPartial := w.partial != nil && fd.ContainingMessage().FullName() == w.partial.Message().FullName() && prefix == w.partial.JSONName()+"."
		if rules.required && !present && !inPartial && fd.Kind() != protoreflect.BoolKind && fd.Kind() != protoreflect.Int32Kind {
			w.add(path, "is required%s", rules.hint())
			continue
		}
		if rules.identifier && inPartial {
			if _, ok := match(rules.pattern, m.Get(fd).String(), false); !ok {
				w.add(path, "must look like %s", strings.Join(rules.pattern, "/"))
			}
			continue
		}
		if !present {
			continue
		}
		switch {
		case fd.IsMap() || rules.unchecked:
			continue
		case fd.IsList():
			list := m.Get(fd).List()
			for j := range list.Len() {
				item := list.Get(j)
				if fd.Kind() == protoreflect.StringKind && w.fault(rules, item.String()) == "" {
					continue // as nearly all are: saying where each stands would cost more than looking at it
				}
				w.value(fmt.Sprintf("%s[%d]", path, j), fd, rules, item)
			}
		default:
			w.value(path, fd, rules, m.Get(fd))
		}
	}
}

func (w *walker) value(path string, fd protoreflect.FieldDescriptor, rules *fieldRules, v protoreflect.Value) {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		if name := fd.Message().FullName(); !strings.HasPrefix(string(name), "google.protobuf.") {
			w.message(path+".", v.Message())
		}
	case protoreflect.EnumKind:
		if fd.Enum().Values().ByNumber(v.Enum()) == nil {
			w.add(path, "%d is not one of its values", v.Enum())
		}
	case protoreflect.StringKind:
		if fault := w.fault(rules, v.String()); fault != "" {
			w.add(path, "%s", fault)
		}
	}
}

// fault is what is wrong with a text; empty for nothing.
func (w *walker) fault(rules *fieldRules, text string) string {
	if utf8.RuneCountInString(text) > rules.longest {
		return fmt.Sprintf("has more than %d characters", rules.longest)
	}
	for _, r := range text {
		if unicode.IsControl(r) && !(rules.prose && (r == '\n' || r == '\t' || r == '\r')) {
			return fmt.Sprintf("holds the control character U+%04X", r)
		}
	}
	if len(rules.pattern) > 0 {
		if _, ok := match(rules.pattern, text, w.list && rules.parent); !ok {
			return "must look like " + strings.Join(rules.pattern, "/")
		}
	}
	return ""
}

// fieldRules is what the contract says of a field, read once.
type fieldRules struct {
	required, output, immutable, identifier, prose, parent bool
	// unchecked are the items of a list that may be anything: the handler says of each what it is.
	unchecked bool
	longest   int
	pattern   []string
}

func (r *fieldRules) hint() string {
	if len(r.pattern) > 0 {
		return ": " + strings.Join(r.pattern, "/")
	}
	return ""
}

var rulesCache sync.Map // protoreflect.FullName → *fieldRules

func rulesOf(fd protoreflect.FieldDescriptor) *fieldRules {
	if cached, ok := rulesCache.Load(fd.FullName()); ok {
		return cached.(*fieldRules)
	}
	rules := &fieldRules{longest: maxText}
	options := fd.Options()
	behaviors, _ := proto.GetExtension(options, annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, b := range behaviors {
		switch b {
		case annotations.FieldBehavior_REQUIRED:
			rules.required = true
		case annotations.FieldBehavior_OUTPUT_ONLY:
			rules.output = true
		case annotations.FieldBehavior_IMMUTABLE:
			rules.immutable = true
		case annotations.FieldBehavior_IDENTIFIER:
			rules.identifier = true
			if res, ok := proto.GetExtension(fd.ContainingMessage().Options(), annotations.E_Resource).(*annotations.ResourceDescriptor); ok && res != nil {
				rules.pattern = patterns()[res.Type]
			}
		}
	}
	if reference, ok := proto.GetExtension(options, annotations.E_ResourceReference).(*annotations.ResourceReference); ok && reference != nil {
		if reference.Type != "" {
			rules.pattern = patterns()[reference.Type]
		} else if child := patterns()[reference.ChildType]; len(child) > 2 {
			rules.pattern, rules.parent = child[:len(child)-2], true
		}
	}
	if constraints, ok := proto.GetExtension(options, validate.E_Field).(*validate.FieldRules); ok && constraints != nil {
		text := constraints.GetString()
		if items := constraints.GetRepeated().GetItems(); items != nil {
			text, rules.unchecked = items.GetString(), items.GetIgnore() == validate.Ignore_IGNORE_ALWAYS
		}
		if declared := text.GetMaxLen(); declared > 0 {
			rules.longest = int(min(declared, 1<<20)) // #nosec G115 -- bounded
			rules.prose = declared >= proseFrom
		}
	}
	cached, _ := rulesCache.LoadOrStore(fd.FullName(), rules)
	return cached.(*fieldRules)
}

// updatedResource is the field of an update request that holds the resource; nil for any other request.
func updatedResource(d protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	if d.Fields().ByName("update_mask") == nil {
		return nil
	}
	for i := range d.Fields().Len() {
		if fd := d.Fields().Get(i); fd.Kind() == protoreflect.MessageKind && proto.HasExtension(fd.Message().Options(), annotations.E_Resource) {
			return fd
		}
	}
	return nil
}
