package keys_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func TestA8NewPepper(t *testing.T) {
	long := strings.Repeat("i", tenancy.MaxPepperID)
	tests := []struct {
		name, id string
		secret   []byte
		field    string
	}{
		{"32 bytes", "2026", pepperBytes(0), ""},
		{"33 bytes", "2026", append(pepperBytes(0), 1), ""},
		{"more than a block", "2026", append(pepperBytes(0), pepperBytes(9)...), ""},
		{"id at the limit", long, pepperBytes(0), ""},
		{"id of every sign", "a-Z_0.9", pepperBytes(0), ""},
		{"nil", "2026", nil, "pepper"},
		{"empty", "2026", []byte{}, "pepper"},
		{"31 bytes", "2026", pepperBytes(0)[:31], "pepper"},
		{"all zero", "2026", make([]byte, 32), "pepper"},
		{"one byte repeated", "2026", bytes.Repeat([]byte{0xff}, 64), "pepper"},
		{"no id", "", pepperBytes(0), "pepper id"},
		{"id one over", long + "i", pepperBytes(0), "pepper id"},
		{"id with NUL", "a\x00", pepperBytes(0), "pepper id"},
		{"id with a space", "a b", pepperBytes(0), "pepper id"},
		{"id not ASCII", "é", pepperBytes(0), "pepper id"},
		{"id of invalid UTF-8", "\xff", pepperBytes(0), "pepper id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := keys.NewPepper(tt.id, tt.secret)
			checkField(t, err, tt.field)
			if tt.field == "" && p.ID() != tt.id {
				t.Errorf("ID() = %q", p.ID())
			}
			if _, err := keys.NewPeppers(p); (err == nil) != (tt.field == "") {
				t.Errorf("in a set: %v", err)
			}
		})
	}
}

func TestA8NewPeppers(t *testing.T) {
	w := newWorld(t)
	same := must(keys.NewPepper("2026", pepperBytes(7)))
	tests := []struct {
		name string
		list []keys.Pepper
		ok   bool
	}{
		{"one", []keys.Pepper{w.newer}, true},
		{"two", []keys.Pepper{w.newer, w.old}, true},
		{"none", nil, false},
		{"the zero Pepper", []keys.Pepper{{}}, false},
		{"the zero Pepper behind a good one", []keys.Pepper{w.newer, {}}, false},
		{"two of one id", []keys.Pepper{w.newer, w.old, same}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := keys.NewPeppers(tt.list...)
			if tt.ok != (err == nil) || tt.ok != (set != nil) {
				t.Fatalf("error %v, want ok %v", err, tt.ok)
			}
			if !tt.ok {
				checkField(t, err, "peppers")
			}
			for i, p := range tt.list {
				if tt.ok && set.Index(p.ID()) != i {
					t.Errorf("Index(%q) = %d, want %d", p.ID(), set.Index(p.ID()), i)
				}
			}
		})
	}
	if i := w.peppers.Index("2024"); i != -1 {
		t.Errorf("Index of one that is not there = %d", i)
	}
}

// The set keeps a copy: a host may wipe what it read from its file.
func TestNewPepperCopies(t *testing.T) {
	w := newWorld(t)
	secret := pepperBytes(0)
	own := must(keys.NewPeppers(must(keys.NewPepper("2026", secret))))
	clear(secret)
	key, token := w.mintBy(w.under(own), w.service())
	if !w.peppers.Verify(&key, w.parse(token.Reveal()), now).OK {
		t.Error("the pepper changed with the caller's slice")
	}
}

var salt = []byte("sixteen bytes of")

// Each passphrase is refused by one rule of the estimate, or passes by a margin.
func TestA8FromPassphrase(t *testing.T) {
	const words = "orbit velvet cactus ninety hammer plasma giraffe onion tunnel quartz"
	tests := []struct {
		name, why, passphrase string
		ok                    bool
	}{
		{"ten words", "51 letters, some of them in a row", words, true},
		{"base64", "32 random characters", "q7R/xm2KzP9wVt4HbYd+8sNcG1LfJu6E", true},
		{"hex of 32 bytes", "64 random digits", "9f1c27e8b04d5a63f8702be91d4c6a5e07d3b8f2914ea6c05b7d2f8e1a39c640", true},
		{"at 80", "26 digits and a letter", "13579024682581470369493726x", true},
		{"at 79", "25 digits and two letters", "1357902468258147036949372xu", false},
		{"spaces at 79", "25 digits and two letters", "1357902468258147036949372 x u", false},
		{"no text at 79", "25 digits and two letters", "1357902468258147036949372xu\xff", false},
		{"cases at 80", "a letter and 26 changes of case", "AcEgIkMoQsUwYbDfHjLnPrTvXzB", true},
		{"cases at 77", "a letter and 25 changes of case", "AcEgIkMoQsUwYbDfHjLnPrTvXz", false},
		{"nothing", "worth nothing", "", false},
		{"famous", "25 letters are 50 bits at most", "correct horse battery staple", false},
		{"keyboard row", "26 letters are 52 bits at most", "qwertyuiopasdfghjklzxcvbnm", false},
		{"one letter", "repeats the one before", strings.Repeat("a", 1000), false},
		{"a pattern", "ends three characters that occurred", strings.Repeat("Tr0ub4dor&3 ", 80), false},
		{"the alphabet", "continues the one before", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", false},
		{"backwards", "continues the one before", "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA9876543210", false},
		{"1025 bytes", "over the limit", strings.Repeat(words+".", 16), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := keys.FromPassphrase("p", tt.passphrase, salt)
			if tt.ok {
				checkField(t, err, "")
				return
			}
			checkField(t, err, "passphrase")
			if _, err := keys.NewPeppers(p); err == nil {
				t.Error("a refused passphrase made a pepper")
			}
		})
	}
}

func TestFromPassphraseDerives(t *testing.T) {
	const passphrase = "q7R/xm2KzP9wVt4HbYd+8sNcG1LfJu6E"
	got := must(keys.FromPassphrase("p", passphrase, salt))
	want := must(keys.NewPepper("p", argon2.IDKey([]byte(passphrase), salt, 3, 64<<10, 4, 32)))
	w := newWorld(t)
	key, secret := w.mintBy(w.under(must(keys.NewPeppers(got))), w.service())
	if !must(keys.NewPeppers(want)).Verify(&key, w.parse(secret.Reveal()), now).OK {
		t.Error("the derivation is not argon2id with 3 passes over 64 MiB in 4 lanes")
	}
	_, err := keys.FromPassphrase("p", passphrase, salt[:15])
	checkField(t, err, "salt")
	_, err = keys.FromPassphrase("", passphrase, salt)
	checkField(t, err, "pepper id")
}

func TestPeppersLen(t *testing.T) {
	var none *keys.Peppers
	if none.Len() != 0 || (&keys.Peppers{}).Len() != 0 {
		t.Error("the nil and the zero set have a pepper")
	}
	if one, err := keys.NewPeppers(must(keys.NewPepper("p", []byte("32 bytes of an example's pepper.")))); err != nil || one.Len() != 1 {
		t.Errorf("Len = %d, %v", one.Len(), err)
	}
}
