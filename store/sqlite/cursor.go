package sqlite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"

	"example.com/tenet/store"
)

const tagSize = 8

// cursor is a position in a reading as text. Its tag is of this database and this
// reading, so a cursor that was made up, or is another's, is told from its own.
func (s *Store) cursor(reading, position string) string {
	return base64.RawURLEncoding.EncodeToString(append(s.tag(reading, position), position...))
}

// place is the inverse of cursor; the empty cursor is the empty position.
func (s *Store) place(reading, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(data) < tagSize {
		return "", fmt.Errorf("%w: cursor", store.ErrInvalid)
	}
	position := string(data[tagSize:])
	if !hmac.Equal(data[:tagSize], s.tag(reading, position)) {
		return "", fmt.Errorf("%w: cursor", store.ErrInvalid)
	}
	return position, nil
}

// tag needs no secrecy: whoever can read the epoch can read the tables.
func (s *Store) tag(reading, position string) []byte {
	h := hmac.New(sha256.New, []byte(s.epoch))
	fmt.Fprintf(h, "%d %s", len(reading), reading)
	io.WriteString(h, position)
	return h.Sum(nil)[:tagSize]
}

// number is place for positions that are numbers.
func (s *Store) number(reading, cursor string) (int64, error) {
	position, err := s.place(reading, cursor)
	if err != nil || position == "" {
		return 0, err
	}
	return strconv.ParseInt(position, 10, 64)
}

func (s *Store) numbered(reading string, n int64) string {
	return s.cursor(reading, strconv.FormatInt(n, 10))
}
