package keys

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a token that was just minted, to be shown once. It hides itself
// wherever values are printed, encoded or logged. It is not comparable, since
// comparing secrets by == takes a time that depends on them.
type Secret struct {
	veil
	reveal func() string // a closure, which no printer, encoder or reflection looks into
}

func newSecret(token string) Secret { return Secret{reveal: func() string { return token }} }

// Reveal returns the token in clear: for the one response that shows it. The
// zero Secret reveals "".
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// veil is embedded by whatever must not be seen. fmt's %p and %w, misused on a
// value, do go round these methods: an embedder therefore also keeps what it
// hides behind a pointer or a closure.
type veil struct{}

const veiled = "[hidden]"

// String hides the value.
func (veil) String() string { return veiled }

// GoString hides the value from %#v.
func (veil) GoString() string { return veiled }

// Format hides the value from every verb of fmt.
func (veil) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, veiled) }

// MarshalJSON hides the value.
func (veil) MarshalJSON() ([]byte, error) { return []byte(`"` + veiled + `"`), nil }

// MarshalText hides the value.
func (veil) MarshalText() ([]byte, error) { return []byte(veiled), nil }

// LogValue hides the value from log/slog.
func (veil) LogValue() slog.Value { return slog.StringValue(veiled) }
