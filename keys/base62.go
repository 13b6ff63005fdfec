package keys

import (
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// alphabet is base62 in ASCII order; a digit's value is its place.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// unbiased is the largest multiple of 62 that a byte reaches. Bytes from it on
// are thrown away, since taking them modulo 62 would favour the first digits.
const unbiased = 256 - 256%len(alphabet)

// maxReads bounds the reads of 64 bytes that one text takes. A sound source
// needs one; a source that repeats itself must not hang a caller.
const maxReads = 8

// inAlphabet says of each byte whether it is a base62 digit.
var inAlphabet = func() (t [256]bool) {
	for _, c := range []byte(alphabet) {
		t[c] = true
	}
	return t
}()

func isBase62(s string) bool {
	for i := range len(s) {
		if !inAlphabet[s[i]] {
			return false
		}
	}
	return true
}

// randomText returns n base62 digits from r, each as likely as the other.
func randomText(r io.Reader, n int) (string, error) {
	out, block := make([]byte, 0, n+64), make([]byte, 64)
	for range maxReads {
		if _, err := io.ReadFull(r, block); err != nil {
			return "", fmt.Errorf("%w: %w", ErrRandomness, err)
		}
		for _, b := range block {
			if int(b) < unbiased {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
		if len(out) >= n {
			return varied(string(out[:n]))
		}
	}
	return "", ErrRandomness
}

// varied refuses a text of one repeated character: a source that is switched off
// reads as zeros, and chance does so once in 62^11 ids.
func varied(s string) (string, error) {
	if strings.Count(s, s[:1]) == len(s) {
		return "", ErrRandomness
	}
	return s, nil
}

// sumChars is the length of a checksum: six digits hold 32 bits.
const sumChars = 6

// sumText writes a CRC-32 as six base62 digits, most significant first.
func sumText(crc uint32) (text [sumChars]byte) {
	for i := sumChars - 1; i >= 0; i-- {
		text[i] = alphabet[crc%uint32(len(alphabet))]
		crc /= uint32(len(alphabet))
	}
	return text
}

// crcTables are the IEEE tables for eight bytes at a time ("slicing by 8"):
// crcTables[j][b] is the checksum of b followed by j zero bytes. hash/crc32 has
// them too, but takes a []byte, and a token would move to the heap for it.
var crcTables = func() (t [8]crc32.Table) {
	t[0] = *crc32.IEEETable
	for j := 1; j < len(t); j++ {
		for b, crc := range t[j-1] {
			t[j][b] = t[0][byte(crc)] ^ crc>>8
		}
	}
	return t
}()

// extend returns the CRC-32 of what crc stands for followed by s.
func extend(crc uint32, s string) uint32 {
	t, crc := &crcTables, ^crc
	for ; len(s) >= 8; s = s[8:] {
		crc ^= uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
		crc = t[7][byte(crc)] ^ t[6][byte(crc>>8)] ^ t[5][byte(crc>>16)] ^ t[4][crc>>24] ^
			t[3][s[4]] ^ t[2][s[5]] ^ t[1][s[6]] ^ t[0][s[7]]
	}
	for i := range len(s) {
		crc = t[0][byte(crc)^s[i]] ^ crc>>8
	}
	return ^crc
}
