package keys_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func TestNewFormat(t *testing.T) {
	long := strings.Repeat("a", keys.MaxLabel)
	tests := []struct {
		name       string
		brand, env string
		field      string // empty: good
	}{
		{"plain", "acme", "live", ""},
		{"one byte each", "a", "0", ""},
		{"hyphens anywhere", "-a-", "-", ""},
		{"at the limit", long, long, ""},
		{"no brand", "", "live", "brand"},
		{"brand one over", long + "a", "live", "brand"},
		{"brand in capitals", "Acme", "live", "brand"},
		{"brand with underscore, which separates", "ac_me", "live", "brand"},
		{"brand with NUL", "ac\x00me", "live", "brand"},
		{"brand with a letter that folds to k", "\u212a", "live", "brand"},
		{"brand of invalid UTF-8", "\xff", "live", "brand"},
		{"no env", "acme", "", "env"},
		{"env one over", "acme", long + "a", "env"},
		{"env with a space", "acme", "li ve", "env"},
		{"env with a dot", "acme", "li.ve", "env"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := keys.NewFormat(tt.brand, tt.env)
			checkField(t, err, tt.field)
			want := ""
			if tt.field == "" {
				want = tt.brand + "_" + tt.env + "_k1_"
			}
			if f.Prefix() != want {
				t.Errorf("Prefix() = %q, want %q", f.Prefix(), want)
			}
		})
	}
}

// checkField fails unless err is a FieldError of field, or nil where field is "".
func checkField(t *testing.T, err error, field string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Fatalf("error %v, want none", err)
		}
		return
	}
	fe, ok := errors.AsType[*tenancy.FieldError](err)
	if !ok || fe.Field != field || !errors.Is(err, tenancy.ErrInvalid) {
		t.Fatalf("error %v, want a FieldError of %q", err, field)
	}
}

// A token worked out by hand, in another language, so that the form cannot drift.
const (
	knownID     = "AbCdEf012345"
	knownSecret = "zyxwvutsrqponmlkjihgfedcba9876"
	knownToken  = "acme_live_k1_AbCdEf012345_zyxwvutsrqponmlkjihgfedcba98764P2r02"
)

func TestParseKnownToken(t *testing.T) {
	tok := newWorld(t).parse(knownToken)
	if tok.ID() != "key_"+knownID || tok.IDChars() != knownID {
		t.Errorf("ID() = %q, IDChars() = %q", tok.ID(), tok.IDChars())
	}
	if got := (keys.Token{}).IDChars(); got != "" {
		t.Errorf("zero Token: IDChars() = %q", got)
	}
}

func TestParseTakesOnlyItsOwnFormat(t *testing.T) {
	labels := []string{"a", "b", "a-b", "live", strings.Repeat("z", keys.MaxLabel)}
	type made struct {
		format keys.Format
		token  string
	}
	var all []made
	w := newWorld(t)
	for _, brand := range labels {
		for _, env := range labels {
			m := w.minter
			m.Format = must(keys.NewFormat(brand, env))
			_, secret := w.mintBy(m, w.service())
			all = append(all, made{m.Format, secret.Reveal()})
		}
	}
	for i, f := range all {
		for j, of := range all {
			if _, err := f.format.Parse(of.token); (err == nil) != (i == j) {
				t.Errorf("%s parsing %s…: error %v", f.format.Prefix(), of.format.Prefix(), err)
			}
		}
		if _, err := (keys.Format{}).Parse(f.token); !errors.Is(err, keys.ErrMalformed) {
			t.Errorf("the zero Format parsed a token of %s", f.format.Prefix())
		}
	}
	bare := withSum(knownID + "_" + knownSecret)
	if _, err := (keys.Format{}).Parse(bare); !errors.Is(err, keys.ErrMalformed) {
		t.Error("the zero Format parsed a token without a prefix")
	}
}

// Each is a well-summed text that differs from a token in one respect.
func TestB6ParseRefusesWellSummed(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ name, body string }{
		{"other version", "acme_live_k2_" + knownID + "_" + knownSecret},
		{"no version", "acme_live_kk_" + knownID + "_" + knownSecret},
		{"invite kind", "acme_live_i1_" + knownID + "_" + knownSecret},
		{"other env, same length", "acme_test_k1_" + knownID + "_" + knownSecret},
		{"other brand, same length", "acne_live_k1_" + knownID + "_" + knownSecret},
		{"brand in capitals", "ACME_live_k1_" + knownID + "_" + knownSecret},
		{"hyphen for the separator", "acme_live_k1_" + knownID + "-" + knownSecret},
		{"digit for the separator", "acme_live_k1_" + knownID + "0" + knownSecret},
		{"id with a hyphen", "acme_live_k1_AbCdEf01234-_" + knownSecret},
		{"id with an underscore", "acme_live_k1__bCdEf012345_" + knownSecret},
		{"id with NUL", "acme_live_k1_AbCdEf\x0012345_" + knownSecret},
		{"id with two bytes of UTF-8", "acme_live_k1_AbCdEf01é45_" + knownSecret},
		{"secret with a slash", "acme_live_k1_" + knownID + "_zyxwvutsrqponm/kjihgfedcba9876"},
		{"secret with an invalid byte at its end", "acme_live_k1_" + knownID + "_zyxwvutsrqponmlkjihgfedcba987\xff"},
		{"id shorter, secret longer", "acme_live_k1_" + knownID[1:] + "_" + knownSecret + "0"},
		{"id longer, secret shorter", "acme_live_k1_" + knownID + "0_" + knownSecret[1:]},
		{"space before", " acme_live_k1_" + knownID + "_" + knownSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tok, err := w.format.Parse(withSum(tt.body)); !errors.Is(err, keys.ErrMalformed) || tok != (keys.Token{}) {
				t.Errorf("error %v, want ErrMalformed and the zero Token", err)
			}
		})
	}
	if _, err := w.format.Parse(withSum("acme_live_k1_" + knownID + "_" + knownSecret)); err != nil {
		t.Errorf("the text that they differ from: %v", err)
	}
}

func TestA3EveryByte(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mint(w.personal())
	token := secret.Reveal()
	refused := func(what string, at int, text string) {
		t.Helper()
		if text == token {
			return
		}
		if _, err := w.format.Parse(text); err != keys.ErrMalformed {
			t.Fatalf("%s at %d: error %v, want ErrMalformed itself", what, at, err)
		}
	}
	for i := range len(token) {
		for b := range 256 {
			refused("replaced", i, token[:i]+string([]byte{byte(b)})+token[i+1:])
			refused("inserted", i, token[:i]+string([]byte{byte(b)})+token[i:])
		}
		refused("dropped", i, token[:i]+token[i+1:])
		refused("doubled", i, token[:i+1]+token[i:])
		refused("truncated", i, token[:i])
		refused("beheaded", i+1, token[i+1:])
		refused("case-swapped", i, token[:i]+swapCase(token[i:i+1])+token[i+1:])
		if i > 0 {
			refused("transposed", i, token[:i-1]+token[i:i+1]+token[i-1:i]+token[i+1:])
		}
	}
	for b := range 256 {
		refused("appended", len(token), token+string([]byte{byte(b)}))
	}
	refused("twice", 0, token+token)
	if !w.peppers.Verify(&key, w.parse(token), now).OK {
		t.Error("the token itself does not verify")
	}
}

// The checksum is no security: whoever alters a token can make it anew.
func TestA3EveryByteSummedAnew(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mint(w.personal())
	token := secret.Reveal()
	body := token[:len(token)-6]
	for i := len(w.format.Prefix()); i < len(body); i++ {
		for _, c := range digits {
			text := withSum(body[:i] + string(c) + body[i+1:])
			tok, err := w.format.Parse(text)
			if err == nil && w.peppers.Verify(&key, tok, now).OK != (text == token) {
				t.Fatalf("%c at %d: verifies", c, i)
			}
		}
	}
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func TestB1Garbage(t *testing.T) {
	w := newWorld(t)
	tests := []struct{ name, text string }{
		{"nothing", ""},
		{"a byte", "a"},
		{"NUL", "\x00"},
		{"invalid UTF-8", "\xff\xfe\xc0\x80"},
		{"the prefix alone", w.format.Prefix()},
		{"one short", knownToken[:len(knownToken)-1]},
		{"the right length", strings.Repeat("_", len(knownToken))},
		{"10 MB", strings.Repeat("x", 10<<20)},
		{"10 MB that begin as a token", knownToken + strings.Repeat("0", 10<<20)},
		{"10 MB that end as a token", strings.Repeat("0", 10<<20) + knownToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			allocs := testing.AllocsPerRun(100, func() { _, err = w.format.Parse(tt.text) })
			if err != keys.ErrMalformed || allocs != 0 {
				t.Errorf("error %v with %v allocations, want ErrMalformed with none", err, allocs)
			}
		})
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	w := newWorld(t)
	index := map[tenancy.KeyID]int{"key_" + knownID: 1}
	found := 0
	allocs := testing.AllocsPerRun(100, func() {
		tok, err := w.format.Parse(knownToken)
		if err == nil {
			found = index[tok.ID()]
		}
	})
	if allocs != 0 || found != 1 {
		t.Errorf("%v allocations, found %d; want 0 and 1", allocs, found)
	}
}

var tokenForm = regexp.MustCompile(`\Aacme_live_k1_([0-9A-Za-z]{12})_([0-9A-Za-z]{30})[0-9A-Za-z]{6}\z`)

// agrees holds Parse to a regular expression and the standard library's CRC.
func agrees(t interface{ Fatalf(string, ...any) }, f keys.Format, text string) {
	tok, err := f.Parse(text)
	form := tokenForm.FindStringSubmatch(text)
	if form == nil || withSum(text[:max(0, len(text)-6)]) != text {
		if err != keys.ErrMalformed || tok != (keys.Token{}) {
			t.Fatalf("%q: error %v, want ErrMalformed", text, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if again := withSum(f.Prefix() + tok.IDChars() + "_" + form[2]); again != text {
		t.Fatalf("%q written again is %q", text, again)
	}
}

func TestB14ParseAgrees(t *testing.T) {
	f := newWorld(t).format
	part := func(n int) *rapid.Generator[string] {
		return rapid.StringOfN(rapid.SampledFrom([]rune(digits+"_-é\x00")), n, n+1, -1)
	}
	rapid.Check(t, func(t *rapid.T) {
		lead := rapid.SampledFrom([]string{"acme_live_k1_", "acme_live_i1_", "acme_live_", "", "acme__k1_"}).Draw(t, "lead")
		text := lead + part(12).Draw(t, "id") + "_" + part(30).Draw(t, "secret")
		agrees(t, f, withSum(text))
		agrees(t, f, text)
	})
}

func FuzzParse(f *testing.F) {
	format := newWorld(f).format
	f.Add(knownToken)
	f.Add(withSum("acme_live_k1_000000000000_000000000000000000000000000000"))
	f.Add("acme_live_i1_01J0000000000000000000000D_zyxwvutsrqponmlkjihgfedcba98764T5qnF")
	f.Add("")
	f.Add("\xff\x00acme_live_k1_")
	f.Add(foreignText)
	f.Fuzz(func(t *testing.T, text string) {
		agrees(t, format, text)
		agrees(t, format, withSum(text))
		_, err := format.ParseForeign(text)
		if native := strings.HasPrefix(text, "acme_live_k1_") || strings.HasPrefix(text, "acme_live_i1_"); (err == nil) == (native || text == "" || len(text) > keys.MaxForeign) {
			t.Fatalf("%q as a foreign token: %v", text, err)
		}
		if tok, err := format.ParseInvite(text); err == nil {
			if _, err := tenancy.ParseInviteID(string(tok.ID())); err != nil || !strings.HasPrefix(text, "acme_live_i1_") {
				t.Fatalf("%q is an invite of id %q: %v", text, tok.ID(), err)
			}
		}
	})
}
