package language

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// Redacted is printed in place of a secret.
const Redacted = "(secret)"

// Secret is a string that prints as "(secret)" in every way that Go prints: fmt with any verb,
// log/slog, encoding/json and text marshalling. The empty secret prints as "". Two secrets can be
// compared with ==.
//
// The handle is needed because fmt calls no method on an unexported field of another struct: it
// would print a string there, and prints an address for a handle.
type Secret struct{ handle unique.Handle[string] }

// NewSecret keeps value as a secret. NewSecret("") is the zero value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{unique.Make(value)}
}

// Reveal returns the value. Callers pass it to the wire and to nothing else.
func (s Secret) Reveal() string {
	if !s.IsSet() {
		return ""
	}
	return s.handle.Value()
}

// IsSet reports whether there is a value at all.
func (s Secret) IsSet() bool { return s != Secret{} }

// Equal does what == does, for packages that compare by method.
func (s Secret) Equal(other Secret) bool { return s == other }

// String redacts.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return Redacted
}

// GoString redacts under %#v.
func (s Secret) GoString() string { return fmt.Sprintf("language.Secret(%q)", s.String()) }

// Format redacts under every verb, %x and %d included.
func (s Secret) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		io.WriteString(f, s.GoString())
	case verb == 'q':
		fmt.Fprintf(f, "%q", s.String())
	default:
		io.WriteString(f, s.String())
	}
}

// LogValue redacts in log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText redacts; encoding/json uses it for values and for map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON redacts.
func (s Secret) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", s.String()), nil }
