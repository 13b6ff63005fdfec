package memory

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

// cursor seals a position of a reading. The tag is of this store and this reading,
// so a cursor that was made up, or is another's, is told from its own.
func (s *Store) cursor(of, position string) string {
	return base64.RawURLEncoding.EncodeToString(append(s.tag(of, position), position...))
}

// position is the inverse of cursor; the empty cursor is the empty position.
func (s *Store) position(of, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(data) < tagSize {
		return "", fmt.Errorf("%w: cursor", store.ErrInvalid)
	}
	position := string(data[tagSize:])
	if !hmac.Equal(data[:tagSize], s.tag(of, position)) {
		return "", fmt.Errorf("%w: cursor", store.ErrInvalid)
	}
	return position, nil
}

func (s *Store) tag(of, position string) []byte {
	h := hmac.New(sha256.New, []byte(s.key))
	fmt.Fprintf(h, "%d %s", len(of), of)
	io.WriteString(h, position)
	return h.Sum(nil)[:tagSize]
}

// number is position for cursors of numbered things.
func (s *Store) number(of, cursor string) (n uint64, err error) {
	text, err := s.position(of, cursor)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.ParseUint(text, 10, 64)
}

func (s *Store) numbered(of string, n uint64) string {
	return s.cursor(of, strconv.FormatUint(n, 10))
}
