package keys_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
	"unsafe" //nolint:depguard // makes strings as fasthttp does

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// What begins as a token of the format is one, or a broken one, and is never looked
// for among the keys of other systems.
func TestB6ParseForeign(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name, text string
		good       bool
	}{
		{"a token", foreignText, true},
		{"one byte", "x", true},
		{"the most", strings.Repeat("x", keys.MaxForeign), true},
		{"any bytes", "\x00\xff é", true},
		{"another env", "acme_test_k1_" + knownID, true},
		{"another kind", "acme_live_x1_" + knownID, true},
		{"the prefix within", " " + knownToken, true},
		{"the prefix in capitals", strings.ToUpper(knownToken), true},
		{"less than the prefix", "acme_live_k1", true},
		{"empty", "", false},
		{"one over", strings.Repeat("x", keys.MaxForeign+1), false},
		{"10 MB", strings.Repeat("x", 10<<20), false},
		{"the prefix", "acme_live_k1_", false},
		{"a native token", knownToken, false},
		{"a native token, broken", knownToken[:len(knownToken)-1], false},
		{"the prefix of invites", "acme_live_i1_x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := w.format.ParseForeign(tt.text)
			if tt.good != (err == nil) || !tt.good && (err != keys.ErrMalformed || token != (keys.ForeignToken{})) {
				t.Errorf("%v, %v", token, err)
			}
			if tt.good && token.ID() != must(keys.ParseImport(hashOf(tt.text))).ID() {
				t.Errorf("id %s", token.ID())
			}
		})
	}
	if _, err := (keys.Format{}).ParseForeign(foreignText); !errors.Is(err, keys.ErrMalformed) {
		t.Errorf("the zero Format: %v", err)
	}
}

func TestVerifyForeign(t *testing.T) {
	w := newWorld(t)
	key, oldKey := w.imports(w.peppers, w.personal(), foreignText), w.imports(w.before, w.personal(), foreignText)
	right, wrong := w.foreign(foreignText), w.foreign(foreignText+"x")
	edit := func(k tenancy.Key, change func(*tenancy.Key)) *tenancy.Key { change(&k); return &k }
	rotated, _, err := w.minter.Rotate(key, "u1", now, keys.Rotation{Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, why string
		peppers   *keys.Peppers
		key       *tenancy.Key
		token     keys.ForeignToken
		at        time.Duration
		want      keys.Match
	}{
		{"right", "", w.peppers, &key, right, 0, keys.Match{OK: true}},
		{"right, old pepper", "it is to be digested again", w.peppers, &oldKey, right, 0, keys.Match{OK: true, OldPepper: true}},
		{"wrong", "one byte more", w.peppers, &key, wrong, 0, keys.Match{}},
		{"unknown", "costs as much", w.peppers, nil, right, 0, keys.Match{}},
		{"zero token", "", w.peppers, &key, keys.ForeignToken{}, 0, keys.Match{}},
		{"zero token, zero key", "nothing is no match for nothing", w.peppers, &tenancy.Key{}, keys.ForeignToken{}, 0, keys.Match{}},
		{"no peppers", "", nil, &key, right, 0, keys.Match{}},
		{"pepper gone", "", w.before, &key, right, 0, keys.Match{}},
		{"pepper id of the other", "the digest is another", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Pepper = "2025" }), right, 0, keys.Match{}},
		{"rotated, in the grace", "it lives on as the previous secret", w.peppers, &rotated, right, time.Hour - 1, keys.Match{OK: true, Previous: true}},
		{"rotated, the grace over", "", w.peppers, &rotated, right, time.Hour, keys.Match{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.peppers.VerifyForeign(tt.key, tt.token, now.Add(tt.at))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

// A2, A18: no native token verifies against what was imported, and no foreign one
// against what was minted, also where one is made to look as the other.
func TestA18NativeAndForeign(t *testing.T) {
	w := newWorld(t)
	native, secret := w.mint(w.service())
	token := secret.Reveal()
	// Somebody imports the hash of a native token, and the id is the native key's too.
	imported := w.imports(w.peppers, w.service(), token)
	imported.ID = native.ID
	imported.Current.Hint = native.Current.Hint
	if w.peppers.Verify(&imported, w.parse(token), now).OK {
		t.Error("a native token verified as an import")
	}
	if _, err := w.format.ParseForeign(token); err != keys.ErrMalformed {
		t.Errorf("a native token parses as foreign: %v", err)
	}
	elsewhere := must(keys.NewFormat("other", "live"))
	foreign, err := elsewhere.ParseForeign(token) // to another deployment it may be foreign
	if err != nil {
		t.Fatal(err)
	}
	if w.peppers.VerifyForeign(&native, foreign, now).OK {
		t.Error("a foreign token verified as native")
	}
	for _, text := range []string{knownSecret, knownID + knownSecret, "tenet/key/v1" + knownID + knownSecret} {
		if w.peppers.VerifyForeign(&native, w.foreign(text), now).OK {
			t.Errorf("%s verified as native", text)
		}
	}
	if _, ok := w.peppers.RedigestForeign(native, foreign, now); ok {
		t.Error("a native key was digested as an import")
	}
}

// A2: of a thousand imports each verifies its own token alone.
func TestA2ImportsNeverEachOther(t *testing.T) {
	n := 1000
	if raceEnabled {
		n = 200
	}
	w := newWorld(t)
	ks, tokens := make([]tenancy.Key, n), make([]keys.ForeignToken, n)
	for i := range n {
		text := foreignText[:len(foreignText)-2] + hex.EncodeToString([]byte{byte(i >> 8), byte(i)})
		ks[i], tokens[i] = w.imports(w.peppers, w.service(), text), w.foreign(text)
	}
	for i := range ks {
		for j := range tokens {
			if w.peppers.VerifyForeign(&ks[i], tokens[j], now).OK != (i == j) {
				t.Fatalf("key %d and token %d: a match is %v", i, j, i != j)
			}
		}
	}
}

// A3: a foreign token has no checksum, so every change is another token, of another
// key.
func TestA3ForeignEveryByte(t *testing.T) {
	w := newWorld(t)
	key := w.imports(w.peppers, w.service(), foreignText)
	refused := func(what string, at int, text string) {
		t.Helper()
		if text == foreignText || text == "" {
			return
		}
		if token := w.foreign(text); token.ID() == key.ID || w.peppers.VerifyForeign(&key, token, now).OK {
			t.Fatalf("%s at %d: is of the key, or verifies", what, at)
		}
	}
	for i := range len(foreignText) {
		for b := range 256 {
			refused("replaced", i, foreignText[:i]+string([]byte{byte(b)})+foreignText[i+1:])
			refused("inserted", i, foreignText[:i]+string([]byte{byte(b)})+foreignText[i:])
		}
		refused("dropped", i, foreignText[:i]+foreignText[i+1:])
		refused("doubled", i, foreignText[:i+1]+foreignText[i:])
		refused("truncated", i, foreignText[:i])
		refused("beheaded", i+1, foreignText[i+1:])
		refused("case-swapped", i, foreignText[:i]+swapCase(foreignText[i:i+1])+foreignText[i+1:])
	}
	refused("twice", 0, foreignText+foreignText)
}

// A4: neither what a database holds of an imported key nor the other system's hash is
// a token of it.
func TestA4ImportedColumns(t *testing.T) {
	w := newWorld(t)
	key := w.imports(w.peppers, w.service(), foreignText)
	hash := string(must(hex.DecodeString(foreignHash)))
	columns := []string{foreignHash, strings.ToUpper(foreignHash), hash, string(key.ID), foreignID, key.Current.Pepper, key.Name}
	for _, d := range []tenancy.Digest{key.Current.Digest, key.Current.Seal} {
		columns = append(columns, string(d[:]), hex.EncodeToString(d[:]))
	}
	for _, column := range columns {
		for _, text := range []string{column, "sk-" + column, column + foreignText} {
			if w.peppers.VerifyForeign(&key, w.foreign(text), now).OK {
				t.Errorf("%q verifies", text)
			}
		}
		padded := (column + strings.Repeat("0", 30))[:30]
		if tok, err := w.format.Parse(withSum(w.format.Prefix() + foreignID + "_" + padded)); err == nil && w.peppers.Verify(&key, tok, now).OK {
			t.Errorf("%q verifies, dressed as a native token", column)
		}
	}
}

func TestSealedImport(t *testing.T) {
	w := newWorld(t)
	key := w.imports(w.peppers, w.personal(), foreignText)
	other, _ := w.mint(w.personal())
	for name, change := range map[string]func(*tenancy.Key){
		"id":           func(k *tenancy.Key) { k.ID = other.ID },
		"organization": func(k *tenancy.Key) { k.Org = "org_01J0000000000000000000000Z" },
		"project":      func(k *tenancy.Key) { k.Project = "proj_01J0000000000000000000000Z" },
		"kind":         func(k *tenancy.Key) { k.Kind = tenancy.KeyService },
		"membership":   func(k *tenancy.Key) { k.Membership = "mem_01J0000000000000000000000Z" },
		"digest":       func(k *tenancy.Key) { k.Current.Digest[31] ^= 1 },
		"the secret":   func(k *tenancy.Key) { k.Current = other.Current },
	} {
		k := key
		if change(&k); w.peppers.Sealed(k) {
			t.Errorf("%s was moved, and the seal holds", name)
		}
	}
	if !w.peppers.Sealed(key) {
		t.Error("not sealed")
	}
}

// A29: rotating an imported key mints a native secret under its id, and the token that
// was brought along lives for the grace. So it is one way only.
func TestA29RotateImported(t *testing.T) {
	w := newWorld(t)
	imported, token := w.imports(w.peppers, w.service(), foreignText), w.foreign(foreignText)
	for _, tt := range []struct {
		name     string
		rotation keys.Rotation
		after    time.Duration
		old      bool
	}{
		{"in the grace", keys.Rotation{}, keys.DefaultGrace - 1, true},
		{"the grace over", keys.Rotation{}, keys.DefaultGrace, false},
		{"no grace", keys.Rotation{Grace: keys.NoGrace}, 0, false},
		{"replaced", keys.Rotation{Replace: true}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, secret, err := w.minter.Rotate(imported, "u2", now, tt.rotation)
			if err != nil {
				t.Fatal(err)
			}
			at := now.Add(tt.after)
			if key.ID != imported.ID || !w.peppers.Sealed(key) || !w.peppers.Verify(&key, w.parse(secret.Reveal()), at).OK || key.Current.Hint == "" {
				t.Error("the new secret is no native one of the key")
			}
			if got := w.peppers.VerifyForeign(&key, token, at).OK; got != tt.old {
				t.Errorf("the imported one verifies: %v, want %v", got, tt.old)
			}
		})
	}
}

func TestRedigestForeign(t *testing.T) {
	w := newWorld(t)
	token := w.foreign(foreignText)
	key := w.imports(w.before, w.service(), foreignText)
	got, ok := w.peppers.RedigestForeign(key, token, now)
	alone := must(keys.NewPeppers(w.newer))
	if !ok || !alone.Sealed(got) || alone.VerifyForeign(&got, token, now) != (keys.Match{OK: true}) {
		t.Fatal("the newest pepper alone does not verify the result")
	}
	if diff := cmp.Diff(w.imports(w.peppers, w.service(), foreignText), got); diff != "" {
		t.Errorf("not as if imported today (-want +got):\n%s", diff)
	}
	for name, k := range map[string]tenancy.Key{"done before": got, "another key": w.imports(w.before, w.service(), "another")} {
		if again, ok := w.peppers.RedigestForeign(k, token, now); ok || !cmp.Equal(again, k) {
			t.Errorf("%s: digested again", name)
		}
	}
	rotated, _, err := w.minter.Rotate(key, "u1", now, keys.Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	got, ok = w.peppers.RedigestForeign(rotated, token, now)
	if !ok || got.Previous.Pepper != "2026" || got.Previous.Ends != rotated.Previous.Ends || got.Current != rotated.Current || !w.peppers.Sealed(got) {
		t.Error("in its grace, it was not digested again in its place")
	}
}

func TestB1ForeignDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops values at random under the race detector")
	}
	w := newWorld(t)
	long, garbage := strings.Repeat("x", keys.MaxForeign), strings.Repeat("x", 10<<20)
	key := w.imports(w.peppers, w.service(), long)
	index, matches := map[string]int{string(key.ID[4:]): 1}, 0
	allocs := testing.AllocsPerRun(100, func() {
		token, err := w.format.ParseForeign(long)
		chars := token.IDChars()
		for _, k := range []*tenancy.Key{&key, nil} {
			if err == nil && w.peppers.VerifyForeign(k, token, now).OK {
				matches += index[string(chars[:])]
			}
		}
		if _, err := w.format.ParseForeign(garbage); err == nil {
			matches = 0
		}
	})
	if allocs != 0 || matches != 101 {
		t.Errorf("%v allocations, %d matches; want 0 and 101", allocs, matches)
	}
}

// lent is text in a buffer that is used again, as fasthttp's is.
func lent(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// A clone outlives the buffer that its token looked into.
func TestTokenClone(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mint(w.service())
	buffer := []byte(secret.Reveal())
	clone := w.parse(lent(buffer)).Clone()
	clear(buffer)
	if !w.peppers.Verify(&key, clone, now).OK || clone.ID() != key.ID {
		t.Error("the clone is of the buffer")
	}
	foreign := w.foreign(foreignText)
	if again := foreign.Clone(); again.ID() != foreign.ID() || again == foreign {
		t.Error("the clone of a foreign token is another's, or itself")
	}
	if (keys.Token{}).Clone() != (keys.Token{}) || (keys.ForeignToken{}).Clone() != (keys.ForeignToken{}) {
		t.Error("the zero Tokens have clones that are others")
	}
}
