package keys_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"example.com/tenet/keys"
)

// traces are the forms in which secret may show: as it is, reversed, in hex,
// in base64 at each of the three alignments, and as fmt prints bytes.
func traces(secret string) []string {
	reversed := []byte(secret)
	slices.Reverse(reversed)
	out := []string{
		secret, string(reversed),
		hex.EncodeToString([]byte(secret)),
		strings.Trim(fmt.Sprint([]byte(secret)), "[]"),
		strings.Trim(fmt.Sprintf("%#v", []byte(secret)), "[]byte{}"),
		fmt.Sprintf("% x", secret), fmt.Sprintf("%# x", secret), fmt.Sprintf("%08b", []byte(secret)),
	}
	for skip := range 3 {
		whole := secret[skip : skip+(len(secret)-skip)/3*3]
		out = append(out, base64.StdEncoding.EncodeToString([]byte(whole)))
	}
	return out
}

// search looks for any six bytes of a secret, in any form.
type search struct {
	traces []string
	seen   map[string]bool // texts looked through: most are alike
}

func newSearch(secret string) *search {
	s := &search{seen: map[string]bool{}}
	for i := range len(secret) - 5 {
		for _, trace := range traces(secret[i : i+6]) {
			s.traces = append(s.traces, strings.ToLower(trace))
		}
	}
	return s
}

// find returns a trace of the secret in shown, or "".
func (s *search) find(shown string) string {
	lower := strings.ToLower(shown)
	if s.seen[lower] {
		return ""
	}
	for _, trace := range s.traces {
		if strings.Contains(lower, trace) {
			return trace
		}
	}
	s.seen[lower] = true
	return ""
}

func (s *search) check(t *testing.T, how string, shown []byte) {
	t.Helper()
	if trace := s.find(string(shown)); trace != "" {
		t.Errorf("%s shows the secret: %q in %q", how, trace, shown)
	}
}

type (
	inside  struct{ v any }
	outside struct{ V any }
)

// hiders are the values that hold something, and what must not be seen of it.
func hiders(t *testing.T) map[string]struct {
	value  any
	nested any // in an unexported field, where fmt calls no method
	secret string
} {
	w := newWorld(t)
	_, secret := w.mint(w.personal())
	token := w.parse(secret.Reveal())
	_, invite, err := w.minter.MintInvite(w.invite())
	if err != nil {
		t.Fatal(err)
	}
	inviteToken := must(w.format.ParseInvite(invite.Reveal()))
	text := secret.Reveal()
	marker := "marker of 32 bytes, not so random"
	pepper := must(keys.NewPepper("p", []byte(marker)))
	set := must(keys.NewPeppers(pepper))
	foreign, imported := w.foreign(foreignText), must(keys.ParseImport(foreignHash))
	keySecret := text[len(w.format.Prefix())+13:]
	inviteSecret := invite.Reveal()[len(w.format.Prefix())+27:]
	return map[string]struct {
		value, nested any
		secret        string
	}{
		"Secret":      {secret, struct{ s keys.Secret }{secret}, keySecret},
		"*Secret":     {&secret, struct{ s *keys.Secret }{&secret}, keySecret},
		"Token":       {token, struct{ t keys.Token }{token}, keySecret},
		"InviteToken": {inviteToken, struct{ t keys.InviteToken }{inviteToken}, inviteSecret},
		"Foreign":     {foreign, struct{ t keys.ForeignToken }{foreign}, string(must(hex.DecodeString(foreignHash)))},
		"Import":      {imported, struct{ i keys.Import }{imported}, string(must(hex.DecodeString(foreignHash)))},
		"Pepper":      {pepper, struct{ p keys.Pepper }{pepper}, marker},
		"Peppers":     {set, struct{ p *keys.Peppers }{set}, marker},
		"*Peppers":    {*set, struct{ p keys.Peppers }{*set}, marker},
		"Minter":      {keys.Minter{Peppers: set}, struct{ m keys.Minter }{keys.Minter{Peppers: set}}, marker},
	}
}

func TestA30Printed(t *testing.T) {
	for name, h := range hiders(t) {
		t.Run(name, func(t *testing.T) {
			shapes := []any{h.value, h.nested, &h.nested, inside{h.value}, outside{h.value}, &outside{h.value}, []any{h.value},
				map[string]any{"k": h.value}, [1]any{h.value}}
			secret := newSearch(h.secret)
			for _, shape := range shapes {
				for verb := rune(0x21); verb < 0x7f; verb++ {
					for _, flags := range []string{"", "+", "#", "# ", " ", "-0", "80.70", "[1]"} {
						format := "%" + flags + string(verb)
						secret.check(t, format, fmt.Appendf(nil, format, shape))
					}
				}
				secret.check(t, "Errorf %w", []byte(errorf("x: %w", shape).Error()))
				secret.check(t, "Sprintln", fmt.Appendln(nil, shape))
			}
		})
	}
}

// errorf is out of vet's sight, which would refuse an operand of %w that is no error.
var errorf = fmt.Errorf

func TestA30Encoded(t *testing.T) {
	encode := map[string]func(v any) []byte{
		"json": func(v any) []byte { out, _ := json.Marshal(v); return out },
		"xml":  func(v any) []byte { out, _ := xml.Marshal(v); return out },
		"gob": func(v any) []byte {
			var b bytes.Buffer
			_ = gob.NewEncoder(&b).Encode(v)
			return b.Bytes()
		},
		"slog text": func(v any) []byte {
			var b bytes.Buffer
			slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v, slog.Group("g", "v", v))
			return b.Bytes()
		},
		"slog json": func(v any) []byte {
			var b bytes.Buffer
			slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v, slog.Group("g", "v", v))
			return b.Bytes()
		},
	}
	for name, h := range hiders(t) {
		for how, enc := range encode {
			t.Run(name+"/"+how, func(t *testing.T) {
				for _, shape := range []any{h.value, h.nested, inside{h.value}, outside{h.value}, []any{h.value}} {
					newSearch(h.secret).check(t, how, enc(shape))
				}
			})
		}
	}
}

// What is shown instead is fixed, so that a log says that something was hidden.
func TestHiddenText(t *testing.T) {
	_, secret := newWorld(t).mint(newWorld(t).service())
	text, err := secret.MarshalText()
	if err != nil || string(text) != "[hidden]" {
		t.Errorf("MarshalText() = %q, %v", text, err)
	}
	if data, err := json.Marshal(map[string]any{"s": secret}); err != nil || string(data) != `{"s":"[hidden]"}` {
		t.Errorf("json.Marshal = %s, %v", data, err)
	}
	for _, got := range []string{secret.String(), secret.GoString(), secret.LogValue().String(), fmt.Sprintf("%x", secret)} {
		if got != "[hidden]" {
			t.Errorf("shown as %q", got)
		}
	}
	if got := (keys.Secret{}).Reveal(); got != "" {
		t.Errorf("the zero Secret reveals %q", got)
	}
}

// The search itself must find what it looks for.
func TestTracesFind(t *testing.T) {
	const secret = "abcdefghijklmnop"
	shown := []string{
		"x" + secret[3:], fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprint([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte("z" + secret)),
		fmt.Sprintf("%#v", []byte(secret)), fmt.Sprintf("% x", secret),
	}
	for _, s := range shown {
		if newSearch(secret).find(s) == "" {
			t.Errorf("not found in %q", s)
		}
	}
}
