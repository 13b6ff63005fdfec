package keys_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func TestMint(t *testing.T) {
	w := newWorld(t)
	for _, k := range []tenancy.Key{w.personal(), w.service()} {
		got, secret := w.mint(k)
		if err := got.Validate(); err != nil {
			t.Errorf("Validate: %v", err)
		}
		token := w.parse(secret.Reveal())
		if token.ID() != got.ID || !strings.HasSuffix(secret.Reveal(), got.Current.Hint) || len(got.Current.Hint) != 4 {
			t.Errorf("token of %q with hint %q for key %q", token.ID(), got.Current.Hint, got.ID)
		}
		if !w.peppers.Sealed(got) || !w.peppers.Verify(&got, token, now).OK || got.Current.Pepper != "2026" {
			t.Error("the newest pepper does not seal and verify it")
		}
	}
}

func TestMintUsesTheSystemsRandomness(t *testing.T) {
	w := newWorld(t)
	w.minter.Rand = nil
	a, first := w.mint(w.service())
	b, second := w.mint(w.service())
	if a.ID == b.ID || first.Reveal() == second.Reveal() {
		t.Error("two keys are alike")
	}
}

func TestMintKeepsID(t *testing.T) {
	w := newWorld(t)
	k := w.service()
	k.ID = "key_" + knownID
	got, secret := w.mint(k)
	if got.ID != k.ID || w.parse(secret.Reveal()).ID() != k.ID {
		t.Errorf("id %q, want %q", got.ID, k.ID)
	}
}

func TestMintTimeIsAnInstant(t *testing.T) {
	w := newWorld(t)
	got, _, err := w.minter.Mint(w.service(), "u1", now.Add(1999).In(time.FixedZone("", 3600)))
	if err != nil || got.Current.Minted != now.Add(time.Microsecond) {
		t.Errorf("minted %v, %v", got.Current.Minted, err)
	}
}

func TestMintRefuses(t *testing.T) {
	w := newWorld(t)
	tiny := must(keys.NewFormat("a", "b"))
	tests := []struct {
		name  string
		edit  func(*keys.Minter, *tenancy.Key)
		by    tenancy.UserID
		field string
	}{
		{"no format", func(m *keys.Minter, _ *tenancy.Key) { m.Format = keys.Format{} }, "u1", "format"},
		{"no peppers", func(m *keys.Minter, _ *tenancy.Key) { m.Peppers = nil }, "u1", "peppers"},
		{"empty peppers", func(m *keys.Minter, _ *tenancy.Key) { m.Peppers = new(keys.Peppers) }, "u1", "peppers"},
		{"has a secret", func(_ *keys.Minter, k *tenancy.Key) { *k, _ = w.mint(*k) }, "u1", "current"},
		{"has a previous secret", func(_ *keys.Minter, k *tenancy.Key) {
			minted, _ := w.mint(*k)
			k.Previous = minted.Current
		}, "u1", "current"},
		{"id without its characters", func(m *keys.Minter, k *tenancy.Key) { m.Format, k.ID = tiny, "key_" }, "u1", "key"},
		{"id too long", func(_ *keys.Minter, k *tenancy.Key) { k.ID = "key_" + knownID + "0" }, "u1", "key"},
		{"another kind's id", func(_ *keys.Minter, k *tenancy.Key) { k.ID = tenancy.KeyID(project) }, "u1", "key"},
		{"nobody mints", func(*keys.Minter, *tenancy.Key) {}, "", "user"},
		{"no kind", func(_ *keys.Minter, k *tenancy.Key) { k.Kind = "" }, "u1", "kind"},
		{"no name", func(_ *keys.Minter, k *tenancy.Key) { k.Name = "" }, "u1", "name"},
		{"no organization", func(_ *keys.Minter, k *tenancy.Key) { k.Org = "" }, "u1", "organization"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, k := w.minter, w.service()
			tt.edit(&m, &k)
			got, secret, err := m.Mint(k, tt.by, now)
			checkField(t, err, tt.field)
			if diff := cmp.Diff(tenancy.Key{}, got); diff != "" || secret.Reveal() != "" {
				t.Errorf("something was minted (-want +got):\n%s", diff)
			}
		})
	}
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestMintRandomnessFails(t *testing.T) {
	broken := errors.New("broken")
	tests := []struct {
		name string
		rand io.Reader
		is   error // besides ErrRandomness
	}{
		{"fails", iotest.ErrReader(broken), broken},
		{"ends", bytes.NewReader(pepperBytes(0)), io.ErrUnexpectedEOF},
		{"ends after the id", io.LimitReader(drawn(knownID, knownSecret), 64), io.EOF},
		{"only zeros", constant(0), keys.ErrRandomness},
		{"one byte", constant(17), keys.ErrRandomness},
		{"only bytes that are thrown away", constant(0xff), keys.ErrRandomness},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.minter.Rand = tt.rand
			_, secret, err := w.minter.Mint(w.service(), "u1", now)
			if !errors.Is(err, keys.ErrRandomness) || !errors.Is(err, tt.is) || secret.Reveal() != "" {
				t.Errorf("error %v", err)
			}
		})
	}
}

// byteRamp yields 0, 1, 2 … 255, 0 …: every byte as often as the other.
type byteRamp struct{ next byte }

func (r *byteRamp) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.next
		r.next++
	}
	return len(p), nil
}

// A digit drawn modulo 62 without rejection would favour the first eight by a
// quarter. The first 30 or 12 of each 64 bytes of a ramp would show too few
// digits, so the ids' and secrets' draws are compared over random bytes instead.
func TestMintWithoutModuloBias(t *testing.T) {
	w := newWorld(t)
	var count [256]int
	const tokens = 4000
	for range tokens {
		_, secret := w.mint(w.service())
		text := strings.TrimPrefix(secret.Reveal(), w.format.Prefix())
		for _, c := range []byte(text[:12] + text[13:43]) {
			count[c]++
		}
	}
	want := float64(tokens*42) / 62
	chi := 0.0
	for _, c := range []byte(digits) {
		d := float64(count[c]) - want
		chi += d * d / want
	}
	// 61 degrees of freedom: mean 61, deviation 11. The bias adds about 1,000.
	if math.Abs(chi-61) > 5*11 {
		t.Errorf("chi-square %.0f over 62 digits, want about 61", chi)
	}
}

// Every byte below 248 stands for the digit of its remainder, the rest for none.
func TestMintDigits(t *testing.T) {
	w := newWorld(t)
	w.minter.Rand = &byteRamp{next: 240} // 240 to 247, then eight that are thrown away, then 0, 1 …
	k, _ := w.mint(w.service())
	if want := tenancy.KeyID("key_" + digits[54:] + digits[:4]); k.ID != want {
		t.Errorf("id %q, want %q", k.ID, want)
	}
}
