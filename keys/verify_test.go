package keys_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func hmacOf(pepper []byte, parts ...string) tenancy.Digest {
	h := hmac.New(sha256.New, pepper)
	h.Write([]byte(strings.Join(parts, "")))
	return tenancy.Digest(h.Sum(nil))
}

// The record is held to vectors worked out in another language, and to
// crypto/hmac over the words of the specification.
func TestMintKnownRecord(t *testing.T) {
	w := newWorld(t)
	w.minter.Rand = drawn(knownID, knownSecret)
	got, secret := w.mint(w.personal())
	if secret.Reveal() != knownToken {
		t.Errorf("token %q, want %q", secret.Reveal(), knownToken)
	}
	digest := hmacOf(pepperBytes(0), "tenet/key/v1", knownID, knownSecret)
	prefixed := []string{"tenet/row/v1"}
	for _, part := range []string{"key_" + knownID, string(org), string(project), "personal", string(stay), string(digest[:])} {
		prefixed = append(prefixed, string(binary.BigEndian.AppendUint32(nil, uint32(len(part)))), part)
	}
	want := w.personal()
	want.ID = "key_" + knownID
	want.Current = tenancy.KeySecret{Digest: digest, Seal: hmacOf(pepperBytes(0), prefixed...),
		Pepper: "2026", Hint: "2r02", MintedBy: "u1", Minted: now}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	for _, v := range []struct {
		got  tenancy.Digest
		want string
	}{
		{got.Current.Digest, "3099bedeb7c54ad93941e14a3b2fcaf9edfa0ad290a40623d0d76b382982bca5"},
		{got.Current.Seal, "e7afa2c99ec910b4453fe0f00acf28ccb11c35c8dff13ddd25452c42f772100f"},
	} {
		if hex.EncodeToString(v.got[:]) != v.want {
			t.Errorf("got %x, want %s", v.got[:], v.want)
		}
	}
}

func TestVerify(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mint(w.personal())
	oldKey, oldSecret := w.mintBy(w.under(w.before), w.personal())
	right, stale := w.parse(secret.Reveal()), w.parse(oldSecret.Reveal())
	edit := func(k tenancy.Key, change func(*tenancy.Key)) *tenancy.Key { change(&k); return &k }
	other := must(keys.NewPeppers(must(keys.NewPepper("2026", pepperBytes(50)))))
	tests := []struct {
		name, why string
		peppers   *keys.Peppers
		key       *tenancy.Key
		token     keys.Token
		want      keys.Match
	}{
		{"current", "it is the key's secret", w.peppers, &key, right, keys.Match{OK: true}},
		{"old pepper", "older peppers verify", w.peppers, &oldKey, stale, keys.Match{OK: true, OldPepper: true}},
		{"another key's token", "the digest is of another secret", w.peppers, &key, stale, keys.Match{}},
		{"unknown id", "there is nothing to match", w.peppers, nil, right, keys.Match{}},
		{"zero key", "there is nothing to match", w.peppers, &tenancy.Key{}, right, keys.Match{}},
		{"zero token", "nothing was presented", w.peppers, &key, keys.Token{}, keys.Match{}},
		{"zero key, zero token", "zero values deny", w.peppers, &tenancy.Key{}, keys.Token{}, keys.Match{}},
		{"no peppers", "nothing to verify under", nil, &key, right, keys.Match{}},
		{"zero peppers", "nothing to verify under", new(keys.Peppers), &tenancy.Key{}, right, keys.Match{}},
		{"pepper gone", "its digest cannot be checked", must(keys.NewPeppers(w.newer)), &oldKey, stale, keys.Match{}},
		{"other pepper of the same id", "the digest is another", other, &key, right, keys.Match{}},
		{"pepper id emptied", "no pepper is no secret", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Pepper = "" }), right, keys.Match{}},
		{"pepper id of the other", "the digest is another", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Pepper = "2025" }), right, keys.Match{}},
		{"pepper id unknown", "not verified under the newest instead", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Pepper = "2024" }), right, keys.Match{}},
		{"ended", "its own end is reached", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Ends = now }), right, keys.Match{}},
		{"ends later", "its own end is not reached", w.peppers, edit(key, func(k *tenancy.Key) { k.Current.Ends = now.Add(1) }), right, keys.Match{OK: true}},
		{"as previous", "a previous secret is one too", w.peppers, edit(key, func(k *tenancy.Key) {
			k.Previous, k.Current = k.Current, tenancy.KeySecret{}
		}), right, keys.Match{OK: true, Previous: true}},
		{"as previous, ended", "its grace is over", w.peppers, edit(key, func(k *tenancy.Key) {
			k.Previous, k.Current = k.Current, tenancy.KeySecret{}
			k.Previous.Ends = now
		}), right, keys.Match{}},
		{"as previous, pepper unknown", "not verified under another instead", w.peppers, edit(key, func(k *tenancy.Key) {
			k.Previous = k.Current
			k.Current.Digest[0] ^= 1
			k.Previous.Pepper = "2024"
		}), right, keys.Match{}},
		{"as previous, old pepper", "each secret has its own pepper", w.peppers, edit(key, func(k *tenancy.Key) {
			k.Previous = oldKey.Current
		}), stale, keys.Match{OK: true, Previous: true, OldPepper: true}},
		{"as current, previous of the old pepper", "each secret has its own pepper", w.peppers, edit(key, func(k *tenancy.Key) {
			k.Previous = oldKey.Current
		}), right, keys.Match{OK: true}},
		{"revoked", "the decision reports it by name", w.peppers, edit(key, func(k *tenancy.Key) { k.Revoked = now }), right, keys.Match{OK: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.peppers.Verify(tt.key, tt.token, now)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

func TestVerifyDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops values at random under the race detector")
	}
	w := newWorld(t)
	key, secret := w.mint(w.personal())
	text, matches := secret.Reveal(), 0
	allocs := testing.AllocsPerRun(1000, func() {
		token, _ := w.format.Parse(text)
		for _, k := range []*tenancy.Key{&key, nil} {
			if w.peppers.Verify(k, token, now).OK {
				matches++
			}
		}
	})
	if allocs != 0 || matches != 1001 {
		t.Errorf("%v allocations, %d matches; want 0 and 1001", allocs, matches)
	}
}

// Digest is the part of Verify for who keeps keys in another form.
func TestDigest(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mintBy(w.under(w.before), w.service())
	token := w.parse(secret.Reveal())
	tests := []struct {
		name    string
		peppers *keys.Peppers
		index   int
		token   keys.Token
		ok      bool
		equal   bool
	}{
		{"its pepper", w.peppers, 1, token, true, true},
		{"another pepper", w.peppers, 0, token, true, false},
		{"no pepper", w.peppers, -1, token, false, false},
		{"beyond the set", w.peppers, 2, token, false, false},
		{"zero token", w.peppers, 1, keys.Token{}, false, false},
		{"nil set", nil, 0, token, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.peppers.Digest(tt.index, tt.token)
			if ok != tt.ok || got.Equal(key.Current.Digest) != tt.equal || (!ok && got != tenancy.Digest{}) {
				t.Errorf("Digest = %x, %v", got[:], ok)
			}
		})
	}
}

// A thousand keys against each other's tokens are a million pairs; the ids of
// each ten are equal but for one character, and their secrets but for one.
func TestA2NeverEachOther(t *testing.T) {
	n := 1000
	if raceEnabled {
		n = 200
	}
	w := newWorld(t)
	ks, tokens := make([]tenancy.Key, n), make([]keys.Token, n)
	for i := range n {
		id, text := knownID, knownSecret
		switch {
		case i < 10: // one id, ten secrets
			text = text[:20] + string(digits[i]) + text[21:]
		case i < 20: // ten ids, one secret
			id = id[:6] + string(digits[i]) + id[7:]
		default:
			id, text = "", ""
		}
		m := w.minter
		if id != "" {
			m.Rand = drawn(id, text)
		}
		k, secret := w.mintBy(m, w.service())
		ks[i], tokens[i] = k, w.parse(secret.Reveal())
	}
	for i := range ks {
		for j := range tokens {
			if w.peppers.Verify(&ks[i], tokens[j], now).OK != (i == j) {
				t.Fatalf("key %d and token %d: a match is %v", i, j, i != j)
			}
		}
	}
}

func TestA2Property(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64()
		mint := func(label string) (tenancy.Key, string) {
			var s [32]byte
			binary.BigEndian.PutUint64(s[:], seed.Draw(t, label))
			m := w.under(rapid.SampledFrom([]*keys.Peppers{w.peppers, w.before}).Draw(t, label+" pepper"))
			m.Rand = rand.NewChaCha8(s)
			k, secret, err := m.Mint(w.service(), "u1", now)
			if err != nil {
				t.Fatal(err)
			}
			return k, secret.Reveal()
		}
		a, tokenA := mint("a")
		b, tokenB := mint("b")
		for _, c := range []struct {
			key   tenancy.Key
			token string
			want  bool
		}{{a, tokenA, true}, {b, tokenB, true}, {a, tokenB, tokenA == tokenB && a.Current.Pepper == b.Current.Pepper},
			{b, tokenA, tokenA == tokenB && a.Current.Pepper == b.Current.Pepper}} {
			tok, err := w.format.Parse(c.token)
			if got := w.peppers.Verify(&c.key, tok, now).OK; err != nil || (got != c.want && tokenA != tokenB) {
				t.Fatalf("match %v, want %v (%v)", got, c.want, err)
			}
		}
	})
}

// What a database holds of a key is no token, in any form or in a token's dress.
func TestA4StoredColumns(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mint(w.personal())
	s := key.Current
	columns := []string{string(key.ID), string(key.ID[4:]), string(org), string(project), string(stay), s.Pepper, s.Hint, "u1", key.Name}
	for _, d := range []tenancy.Digest{s.Digest, s.Seal} {
		columns = append(columns, string(d[:]), hex.EncodeToString(d[:]), strings.ToUpper(hex.EncodeToString(d[:])),
			base64.StdEncoding.EncodeToString(d[:]), base64.RawURLEncoding.EncodeToString(d[:]))
	}
	dressed := 0
	for _, column := range columns {
		texts := []string{column, w.format.Prefix() + column, w.format.Prefix() + column + s.Hint,
			w.format.Prefix() + string(key.ID[4:]) + "_" + column, withSum(w.format.Prefix() + string(key.ID[4:]) + "_" + column)}
		padded := (column + strings.Repeat("0", 30))[:30]
		texts = append(texts, withSum(w.format.Prefix()+string(key.ID[4:])+"_"+padded))
		for _, text := range texts {
			tok, err := w.format.Parse(text)
			if err == nil {
				dressed++
			}
			if w.peppers.Verify(&key, tok, now).OK {
				t.Errorf("%q verifies", text)
			}
		}
	}
	if dressed < 8 {
		t.Errorf("only %d columns were dressed up as tokens", dressed)
	}
	if !w.peppers.Verify(&key, w.parse(secret.Reveal()), now).OK {
		t.Error("the token does not verify")
	}
}

// Moving any sealed field breaks the seal; the others may change in a life.
func TestSealed(t *testing.T) {
	w := newWorld(t)
	key, _ := w.mint(w.personal())
	service, _ := w.mint(w.service())
	oldKey, _ := w.mintBy(w.under(w.before), w.personal())
	tests := []struct {
		name string
		key  tenancy.Key
		edit func(*tenancy.Key)
		want bool
	}{
		{"untouched", key, func(*tenancy.Key) {}, true},
		{"service key", service, func(*tenancy.Key) {}, true},
		{"under an old pepper", oldKey, func(*tenancy.Key) {}, true},
		{"id", key, func(k *tenancy.Key) { k.ID = service.ID }, false},
		{"organization", key, func(k *tenancy.Key) { k.Org = "org_01J0000000000000000000000Z" }, false},
		{"project", key, func(k *tenancy.Key) { k.Project = "proj_01J0000000000000000000000Z" }, false},
		{"kind", key, func(k *tenancy.Key) { k.Kind = tenancy.KeyService }, false},
		{"kind, of a service key", service, func(k *tenancy.Key) { k.Kind = tenancy.KeyPersonal }, false},
		{"membership", key, func(k *tenancy.Key) { k.Membership = "mem_01J0000000000000000000000Z" }, false},
		{"membership, of a service key", service, func(k *tenancy.Key) { k.Membership = stay }, false},
		{"digest", key, func(k *tenancy.Key) { k.Current.Digest[31] ^= 1 }, false},
		{"another key's secret", key, func(k *tenancy.Key) { k.Current = service.Current }, false},
		{"another key's secret as previous", key, func(k *tenancy.Key) { k.Previous = service.Current }, false},
		{"seal", key, func(k *tenancy.Key) { k.Current.Seal[0] ^= 1 }, false},
		{"no seal", key, func(k *tenancy.Key) { k.Current.Seal = tenancy.Digest{} }, false},
		{"the digest as seal", key, func(k *tenancy.Key) { k.Current.Seal = k.Current.Digest }, false},
		{"pepper id of the other", key, func(k *tenancy.Key) { k.Current.Pepper = "2025" }, false},
		{"pepper gone", key, func(k *tenancy.Key) { k.Current.Pepper = "2024" }, false},
		{"no secret", key, func(k *tenancy.Key) { k.Current = tenancy.KeySecret{} }, false},
		{"previous under a pepper that is gone", key, func(k *tenancy.Key) {
			k.Previous = k.Current
			k.Previous.Pepper = "2024"
		}, true},
		{"current under a pepper that is gone", key, func(k *tenancy.Key) {
			k.Previous = k.Current
			k.Current.Pepper = "2024"
		}, true},
		{"text moved between fields", key, func(k *tenancy.Key) {
			k.Org, k.Project = k.Org+tenancy.OrgID(k.Project[:1]), k.Project[1:]
		}, false},
		{"name, limits, models, expiry, revocation", key, func(k *tenancy.Key) {
			k.Name, k.Limits, k.Models, k.Expires, k.Revoked = "x", nil, tenancy.ModelSet{}, now, now
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := tt.key
			tt.edit(&k)
			if got := w.peppers.Sealed(k); got != tt.want {
				t.Errorf("Sealed = %v, want %v", got, tt.want)
			}
		})
	}
	if (*keys.Peppers)(nil).Sealed(key) {
		t.Error("no peppers seal a key")
	}
}

func TestRedigest(t *testing.T) {
	w := newWorld(t)
	key, secret := w.mintBy(w.under(w.before), w.personal())
	token := w.parse(secret.Reveal())
	got, ok := w.peppers.Redigest(key, token, now)
	if !ok {
		t.Fatal("not redigested")
	}
	alone := must(keys.NewPeppers(w.newer))
	if !alone.Sealed(got) || alone.Verify(&got, token, now) != (keys.Match{OK: true}) {
		t.Error("the newest pepper alone does not verify the result")
	}
	got.Current.Digest, got.Current.Seal, got.Current.Pepper = key.Current.Digest, key.Current.Seal, key.Current.Pepper
	if diff := cmp.Diff(key, got); diff != "" {
		t.Errorf("more changed than digest, seal and pepper (-want +got):\n%s", diff)
	}
}

func TestRedigestPrevious(t *testing.T) {
	w := newWorld(t)
	key, first := w.mintBy(w.under(w.before), w.personal())
	key, second, err := w.minter.Rotate(key, "u1", now, keys.Rotation{Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := w.peppers.Redigest(key, w.parse(first.Reveal()), now)
	if !ok || got.Previous.Pepper != "2026" || !w.peppers.Sealed(got) || got.Previous.Ends != key.Previous.Ends {
		t.Errorf("the previous secret was not redigested in its place")
	}
	for _, s := range []keys.Secret{first, second} {
		if m := w.peppers.Verify(&got, w.parse(s.Reveal()), now); !m.OK || m.OldPepper {
			t.Errorf("afterwards: %+v", m)
		}
	}
}

func TestRedigestRefuses(t *testing.T) {
	w := newWorld(t)
	fresh, freshSecret := w.mint(w.personal())
	stale, staleSecret := w.mintBy(w.under(w.before), w.personal())
	moved := stale
	moved.Project = "proj_01J0000000000000000000000Z"
	tests := []struct {
		name  string
		key   tenancy.Key
		token string
	}{
		{"digest is new", fresh, freshSecret.Reveal()},
		{"wrong token", stale, freshSecret.Reveal()},
		{"row was moved", moved, staleSecret.Reveal()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := w.peppers.Redigest(tt.key, w.parse(tt.token), now)
			if diff := cmp.Diff(tt.key, got); ok || diff != "" {
				t.Errorf("redigested %v (-want +got):\n%s", ok, diff)
			}
		})
	}
}
