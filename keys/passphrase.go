package keys

import (
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
)

// Cost of deriving a pepper: the second recommended option of RFC 9106, which
// takes 64 MiB and a fraction of a second. It is fixed, since another cost would
// be another pepper.
const (
	argonPasses  = 3
	argonKiB     = 64 << 10
	argonThreads = 4
)

// Bounds of what a pepper is derived from.
const (
	MinPassphraseBits = 80   // as FromPassphrase estimates them
	MaxPassphrase     = 1024 // bytes
	MinSalt           = 16   // bytes
)

// FromPassphrase returns the pepper that argon2id derives from passphrase and
// salt: at least [MinSalt] bytes, kept by the host, not secret, of this
// deployment alone. The same three arguments make the same pepper. The
// passphrase counts byte for byte; nothing is normalised.
//
// A passphrase that estimates to less than [MinPassphraseBits] is a
// [*tenancy.FieldError]. The estimate is meant to be low: 2 bits for a letter, 3
// for a digit, another sign or a change between upper and lower case; nothing
// for a space, for a character that repeats or continues the one before (aa, ab,
// 21), nor for one that ends three characters which occurred before. Ten random
// words pass, and 32 random characters of base64. A known sentence passes too if it is
// long, and is worth nothing: let a machine choose.
//
// It takes 64 MiB and a fraction of a second; call it once.
func FromPassphrase(id, passphrase string, salt []byte) (Pepper, error) {
	if err := checkPepperID(id); err != nil {
		return Pepper{}, err
	}
	if len(salt) < MinSalt {
		return Pepper{}, invalid("salt", "at least 16 bytes")
	}
	if len(passphrase) > MaxPassphrase || passphraseBits(passphrase) < MinPassphraseBits {
		return Pepper{}, invalid("passphrase", "at most 1024 bytes, worth at least 80 bits by the estimate of FromPassphrase")
	}
	return NewPepper(id, argon2.IDKey([]byte(passphrase), salt, argonPasses, argonKiB, argonThreads, MinPepper))
}

func passphraseBits(passphrase string) int {
	runes, bits := []rune(passphrase), 0
	for i, r := range runes {
		if !predictable(runes[:i], r) {
			bits += runeBits(runes[:i], r)
		}
	}
	return bits
}

// predictable reports whether r repeats or continues the character before it, or
// ends three characters that occurred before.
func predictable(before []rune, r rune) bool {
	n := len(before)
	if n == 0 {
		return false
	}
	if step := r - before[n-1]; -1 <= step && step <= 1 {
		return true
	}
	return n >= 2 && strings.Contains(string(before), string(before[n-2:])+string(r))
}

func runeBits(before []rune, r rune) int {
	switch {
	case unicode.IsSpace(r) || r == unicode.ReplacementChar:
		return 0
	case !unicode.IsLetter(r):
		return 3
	case len(before) > 0 && unicode.IsLetter(before[len(before)-1]) &&
		unicode.IsUpper(r) != unicode.IsUpper(before[len(before)-1]):
		return 3
	}
	return 2
}
