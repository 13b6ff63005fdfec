package keys_test

import (
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

const (
	org      = tenancy.OrgID("org_01J0000000000000000000000A")
	project  = tenancy.ProjectID("proj_01J0000000000000000000000B")
	stay     = tenancy.MembershipID("mem_01J0000000000000000000000C")
	inviteID = tenancy.InviteID("inv_01J0000000000000000000000D")
	digits   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// pepperBytes are 32 bytes that differ by seed.
func pepperBytes(seed byte) []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i) + seed
	}
	return b
}

// world is one deployment: a format, a newest and an older pepper, and randomness
// that repeats from run to run.
type world struct {
	tb         testing.TB
	format     keys.Format
	newer, old keys.Pepper
	peppers    *keys.Peppers // newer, old
	before     *keys.Peppers // old alone: the deployment before newer was added
	minter     keys.Minter
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb}
	w.format = must(keys.NewFormat("acme", "live"))
	w.newer = must(keys.NewPepper("2026", pepperBytes(0)))
	w.old = must(keys.NewPepper("2025", pepperBytes(100)))
	w.peppers = must(keys.NewPeppers(w.newer, w.old))
	w.before = must(keys.NewPeppers(w.old))
	w.minter = keys.Minter{Format: w.format, Peppers: w.peppers, Rand: rand.NewChaCha8([32]byte{1})}
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// under is the world's minter with another set of peppers.
func (w *world) under(p *keys.Peppers) keys.Minter {
	m := w.minter
	m.Peppers = p
	return m
}

func (w *world) personal() tenancy.Key {
	k := w.service()
	k.Kind, k.Holder, k.Membership = tenancy.KeyPersonal, "u1", stay
	return k
}

func (w *world) service() tenancy.Key {
	return tenancy.Key{Org: org, Project: project, Kind: tenancy.KeyService, Name: "laptop",
		Models: tenancy.AllModels(), CreatedBy: "u1", Created: now}
}

func (w *world) mint(k tenancy.Key) (tenancy.Key, keys.Secret) { return w.mintBy(w.minter, k) }

func (w *world) mintBy(m keys.Minter, k tenancy.Key) (tenancy.Key, keys.Secret) {
	w.tb.Helper()
	k, secret, err := m.Mint(k, "u1", now)
	if err != nil {
		w.tb.Fatalf("Mint: %v", err)
	}
	return k, secret
}

func (w *world) parse(token string) keys.Token {
	w.tb.Helper()
	t, err := w.format.Parse(token)
	if err != nil {
		w.tb.Fatalf("Parse: %v", err)
	}
	return t
}

// drawn is a source that makes a Minter draw these texts in turn, one a block of
// 64 bytes.
func drawn(texts ...string) io.Reader {
	var b bytes.Buffer
	for _, text := range texts {
		block := bytes.Repeat([]byte{7}, 64)
		for i, c := range []byte(text) {
			block[i] = byte(strings.IndexByte(digits, c))
		}
		b.Write(block)
	}
	return &b
}

// withSum appends to body the checksum of a token, computed apart from the
// package: CRC-32 of the standard library, six digits of base 62.
func withSum(body string) string {
	n, sum := crc32.ChecksumIEEE([]byte(body)), ""
	for range 6 {
		sum, n = string(digits[n%62])+sum, n/62
	}
	return body + sum
}
