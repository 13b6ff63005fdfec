package keys_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// A token of another system, and what its SHA-256 makes, worked out in another
// language, so that neither the id nor the domain can drift.
const (
	foreignText   = "sk-Zm9yZWlnbi10b2tlbi1vZi1hLWdhdGV3YXk"
	foreignHash   = "2324eee0fd63846a576af1d6fdea1d9d42f7b150e17de9f4821b3b9f2ef6e219"
	foreignID     = "6EDENaiHyqbr"
	foreignDigest = "3b4aa93ff3b53363f67e25d37073fe08261d1868ed7c066655e26256cf8c3861"
	foreignSeal   = "cee92fe8432c1342d088562bf2835cd8870958502f32f76510606968ab50b3c7"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// imports makes k of the hash of a foreign text, under peppers of the world's.
func (w *world) imports(p *keys.Peppers, k tenancy.Key, text string) tenancy.Key {
	w.tb.Helper()
	k, err := p.Import(k, must(keys.ParseImport(hashOf(text))), "u1", now)
	if err != nil {
		w.tb.Fatalf("Import: %v", err)
	}
	return k
}

func (w *world) foreign(text string) keys.ForeignToken {
	w.tb.Helper()
	t, err := w.format.ParseForeign(text)
	if err != nil {
		w.tb.Fatalf("ParseForeign: %v", err)
	}
	return t
}

func TestImportKnownRecord(t *testing.T) {
	w := newWorld(t)
	i := must(keys.ParseImport(foreignHash))
	got, err := w.peppers.Import(w.service(), i, "ops", now.Add(1999))
	if err != nil {
		t.Fatal(err)
	}
	want := w.service()
	want.ID = "key_" + foreignID
	want.Current = tenancy.KeySecret{Digest: digestOf(t, foreignDigest), Seal: digestOf(t, foreignSeal),
		Pepper: "2026", MintedBy: "ops", Minted: now.Add(time.Microsecond)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	token := w.foreign(foreignText)
	chars := token.IDChars()
	if i.ID() != got.ID || token.ID() != got.ID || string(chars[:]) != foreignID {
		t.Errorf("ids %q, %q, %q, want %q", i.ID(), token.ID(), chars, got.ID)
	}
	if !w.peppers.Sealed(got) || w.peppers.VerifyForeign(&got, token, now) != (keys.Match{OK: true}) || !w.peppers.Imported(got, i) {
		t.Error("the newest pepper does not seal and verify it")
	}
	var none keys.ForeignToken
	if none.ID() != "" || none.IDChars() != [12]byte{} || (keys.Import{}).ID() != "" {
		t.Error("the zero values have ids")
	}
}

func digestOf(t *testing.T, text string) tenancy.Digest {
	t.Helper()
	return tenancy.Digest(must(hex.DecodeString(text)))
}

// An id is the first 71 bits of the hash, most significant digit first.
func TestImportID(t *testing.T) {
	id := func(hash [32]byte) tenancy.KeyID { return must(keys.ParseImport(hex.EncodeToString(hash[:]))).ID() }
	for hash, want := range map[[32]byte]tenancy.KeyID{
		{}:             "key_000000000000",
		{0: 1}:         "key_0AzL8n0Y58m8",
		{8: 2}:         "key_000000000001",
		{8: 1, 9: 255}: "key_000000000000",
		{0: 128}:       "key_Mgde9B8Mc7MW",
		{255, 255, 255, 255, 255, 255, 255, 255, 255}: "key_jNHIIMGjEEj1",
	} {
		if got := id(hash); got != want {
			t.Errorf("%x: %s, want %s", hash, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		hash := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		n, want := new(big.Int).SetBytes(hash[:]), ""
		n.Rsh(n, 256-71)
		for range 12 {
			var digit big.Int
			n.DivMod(n, big.NewInt(62), &digit)
			want = string(digits[digit.Int64()]) + want
		}
		if got := id(hash); got != tenancy.KeyID("key_"+want) {
			t.Fatalf("%x: %s, want key_%s", hash, got, want)
		}
		if _, err := tenancy.ParseKeyID(string(id(hash))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestParseImport(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		good       bool
	}{
		{"lower case", foreignHash, true},
		{"upper case", strings.ToUpper(foreignHash), true},
		{"empty", "", false},
		{"one short", foreignHash[1:], false},
		{"one over", foreignHash + "0", false},
		{"no digit", foreignHash[1:] + "g", false},
		{"0x before", "0x" + foreignHash[2:], false},
		{"space", " " + foreignHash[1:], false},
		{"NUL", "\x00" + foreignHash[1:], false},
		{"the token itself", foreignText, false},
		{"base64", base64.StdEncoding.EncodeToString([]byte(foreignHash))[:64], false},
		{"10 MB", strings.Repeat("0", 10<<20), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i, err := keys.ParseImport(tt.text)
			if tt.good {
				checkField(t, err, "")
				if i.ID() != "key_"+foreignID {
					t.Errorf("id %s", i.ID())
				}
				return
			}
			checkField(t, err, "sha256")
			if i != (keys.Import{}) || len(err.Error()) > 100 {
				t.Errorf("made %v, %v", i, err)
			}
		})
	}
}

func TestImportRefuses(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name  string
		p     *keys.Peppers
		edit  func(*tenancy.Key, *keys.Import)
		by    tenancy.UserID
		field string
	}{
		{"no peppers", nil, func(*tenancy.Key, *keys.Import) {}, "u1", "peppers"},
		{"empty peppers", new(keys.Peppers), func(*tenancy.Key, *keys.Import) {}, "u1", "peppers"},
		{"no hash", w.peppers, func(_ *tenancy.Key, i *keys.Import) { *i = keys.Import{} }, "u1", "sha256"},
		{"has an id", w.peppers, func(k *tenancy.Key, _ *keys.Import) { k.ID = "key_" + foreignID }, "u1", "current"},
		{"has a secret", w.peppers, func(k *tenancy.Key, _ *keys.Import) {
			*k, _ = w.mint(*k)
			k.ID = ""
		}, "u1", "current"},
		{"has a previous secret", w.peppers, func(k *tenancy.Key, _ *keys.Import) {
			minted, _ := w.mint(*k)
			k.Previous = minted.Current
		}, "u1", "current"},
		{"nobody imports", w.peppers, func(*tenancy.Key, *keys.Import) {}, "", "user"},
		{"no kind", w.peppers, func(k *tenancy.Key, _ *keys.Import) { k.Kind = "" }, "u1", "kind"},
		{"no name", w.peppers, func(k *tenancy.Key, _ *keys.Import) { k.Name = "" }, "u1", "name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, i := w.service(), must(keys.ParseImport(foreignHash))
			tt.edit(&k, &i)
			got, err := tt.p.Import(k, i, tt.by, now)
			checkField(t, err, tt.field)
			if diff := cmp.Diff(tenancy.Key{}, got); diff != "" {
				t.Errorf("something was imported (-want +got):\n%s", diff)
			}
		})
	}
}

// Imported asks for the current secret alone, under whichever pepper.
func TestImported(t *testing.T) {
	w := newWorld(t)
	i, other := must(keys.ParseImport(foreignHash)), must(keys.ParseImport(hashOf("another")))
	fresh, stale := w.imports(w.peppers, w.service(), foreignText), w.imports(w.before, w.service(), foreignText)
	rotated, _, err := w.minter.Rotate(fresh, "u1", now, keys.Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	native, _ := w.mint(w.service())
	for _, tt := range []struct {
		name    string
		peppers *keys.Peppers
		key     tenancy.Key
		i       keys.Import
		want    bool
	}{
		{"its hash", w.peppers, fresh, i, true},
		{"under the old pepper", w.peppers, stale, i, true},
		{"another hash", w.peppers, fresh, other, false},
		{"pepper gone", w.before, fresh, i, false},
		{"rotated since", w.peppers, rotated, i, false},
		{"a native key", w.peppers, native, i, false},
		{"no hash", w.peppers, fresh, keys.Import{}, false},
		{"no key", w.peppers, tenancy.Key{}, i, false},
		{"no peppers", nil, fresh, i, false},
	} {
		if got := tt.peppers.Imported(tt.key, tt.i); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
