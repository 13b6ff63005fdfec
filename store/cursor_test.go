package store_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func TestCursorKey(t *testing.T) {
	key := store.CursorKey("the log's own")
	const reading, position = "list 1", "org_1\x00proj_1"
	cursor := key.Seal(reading, position)
	if got, err := key.Open(reading, cursor); got != position || err != nil {
		t.Errorf("Open of a sealed cursor: %q, %v", got, err)
	}
	if got, err := key.Open(reading, ""); got != "" || err != nil {
		t.Errorf("Open of the empty cursor: %q, %v", got, err)
	}
	if got, err := key.Open(reading, key.Seal(reading, "")); got != "" || err != nil {
		t.Errorf("Open of a sealed empty position: %q, %v", got, err)
	}
	for name, open := range map[string]func() (string, error){
		"another key":      func() (string, error) { return store.CursorKey("another").Open(reading, cursor) },
		"another reading":  func() (string, error) { return key.Open("list 2", cursor) },
		"a reading's part": func() (string, error) { return key.Open("list 1o", key.Seal("list 1", "org")) },
		"a short one":      func() (string, error) { return key.Open(reading, cursor[:4]) },
		"bare text":        func() (string, error) { return key.Open(reading, position) },
		"trailing bits":    func() (string, error) { return key.Open(reading, cursor[:len(cursor)-1]+"/") },
		"another position": func() (string, error) {
			data, _ := base64.RawURLEncoding.DecodeString(cursor)
			data[len(data)-1]++
			return key.Open(reading, base64.RawURLEncoding.EncodeToString(data))
		},
	} {
		if got, err := open(); got != "" || !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %q, %v; want ErrInvalid", name, got, err)
		}
	}
}

// Readings of one store that differ have cursors that differ.
func TestReadings(t *testing.T) {
	readings := map[string]string{store.FeedReading: "the feed"}
	for name, reading := range map[string]string{
		"all keys":       store.AllOf[tenancy.Key]().Reading(),
		"all invites":    store.AllOf[tenancy.Invite]().Reading(),
		"keys of a":      store.WithinOf[tenancy.Key]("a").Reading(),
		"keys of b":      store.WithinOf[tenancy.Key]("b").Reading(),
		"project, user":  store.Query{Project: "x", User: ""}.Reading(),
		"user, project":  store.Query{Project: "", User: "x"}.Reading(),
		"quoted parts":   store.Query{Project: `x" "`, User: ""}.Reading(),
		"trail of a":     store.TrailQuery{Org: "a"}.Reading(),
		"trail of all":   store.TrailQuery{}.Reading(),
		"records of a":   store.RecordQuery{Org: "a"}.Reading(),
		"records of all": store.RecordQuery{}.Reading(),
	} {
		if other, twice := readings[reading]; twice {
			t.Errorf("%s and %s are one reading, %s", name, other, reading)
		}
		readings[reading] = name
	}
	q := store.KeysOf("a", "p").Query
	again := q
	again.After, again.Limit = "x", 7
	if q.Reading() != again.Reading() {
		t.Error("a position or a limit makes another reading")
	}
}
