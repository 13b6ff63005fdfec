package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

// CursorKey makes cursors of positions: Page.Next, Trail.Next, RecordPage.Next and
// the Cursor of a Feed. A backend makes one at random for each log that it begins
// and keeps it with the data, so that a cursor which was made up, is another
// store's, or is of another reading of the same store is told from its own.
//
// The key needs no secrecy, since who can read it can read the data; a cursor is
// never a right. It should have 128 bits of randomness: crypto/rand.Text.
type CursorKey string

const cursorTag = 8 // bytes

// Seal makes a cursor of a position in a reading. [Query.Reading] and its sisters
// name readings; the position is the backend's own, of any bytes.
func (k CursorKey) Seal(reading, position string) string {
	return base64.RawURLEncoding.EncodeToString(append(k.tag(reading, position), position...))
}

// Open is the inverse of Seal. The empty cursor is the empty position; any other
// that Seal did not make of this reading is ErrInvalid, which Changes turns into
// ErrResync.
func (k CursorKey) Open(reading, cursor string) (position string, err error) {
	if cursor == "" {
		return "", nil
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(data) < cursorTag {
		return "", fmt.Errorf("%w: cursor", ErrInvalid)
	}
	position = string(data[cursorTag:])
	if !hmac.Equal(data[:cursorTag], k.tag(reading, position)) {
		return "", fmt.Errorf("%w: cursor", ErrInvalid)
	}
	return position, nil
}

func (k CursorKey) tag(reading, position string) []byte {
	h := hmac.New(sha256.New, []byte(k))
	fmt.Fprintf(h, "%d %s", len(reading), reading)
	io.WriteString(h, position)
	return h.Sum(nil)[:cursorTag]
}

// FeedReading is what [Store.Changes] reads, for [CursorKey].
const FeedReading = "changes"

// Reading is what q reads, its position and limit aside, for [CursorKey].
func (q Query) Reading() string {
	return fmt.Sprintf("list %d %d %q %q %q %q", q.Listing, q.Kind, q.Org, q.Project, q.User, q.ID)
}

// Reading is what q reads, for [CursorKey]: the trail of its organization. The
// filters do not count, since a position in the trail is one under any filter.
func (q TrailQuery) Reading() string { return fmt.Sprintf("trail %q", q.Org) }

// Reading is what q reads, for [CursorKey]: the calls of its organization.
func (q RecordQuery) Reading() string { return fmt.Sprintf("records %q", q.Org) }
