package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/tenet/tenancy"
)

// codecVersion is written into every record. A reader takes any version from 1
// up: later ones add members and change none.
const codecVersion = 1

// Marshal returns v in its canonical JSON form, digests included: an object whose
// first members are "v", the version of the form, and "record", its kind. It is for backends
// without columns, and what [Size] counts. A record
// with a text that is not UTF-8 without NUL, or a time that is not a whole
// microsecond of UTC in the years 1970 to 9999, is ErrInvalid.
func Marshal(v tenancy.Entity) ([]byte, error) { return MarshalOver(nil, v) }

// MarshalOver is [Marshal] for a record that replaces old, its stored form: members
// of old that this version does not know are kept, after its own. So a process of
// an older version does not lose what a newer one wrote. A nil old is none.
// Only members of the record itself are kept, not those inside its parts.
func MarshalOver(old []byte, v tenancy.Entity) ([]byte, error) {
	fields, err := plain(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"v":%d,"record":%q`, codecVersion, v.Ref().Kind.String())
	for _, f := range fields.members {
		fmt.Fprintf(&out, ",%q:%s", f.name, f.value)
	}
	if old != nil {
		if err := keepUnknown(&out, old, v); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Unmarshal is the inverse of Marshal. Data that is no record of kind k is
// ErrCorrupt. Members that it does not know are left out, enumeration texts that
// it does not know are kept and deny.
func Unmarshal(k tenancy.Kind, data []byte) (tenancy.Entity, error) {
	var head struct {
		V      int    `json:"v"`
		Record string `json:"record"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.V < 1 || tenancy.ParseKind(head.Record) != k || k == 0 {
		return nil, fmt.Errorf("%w: not a record of its kind", ErrCorrupt)
	}
	switch k {
	case tenancy.KindOrganization:
		return decode[tenancy.Organization](data)
	case tenancy.KindSubscription:
		return decode[tenancy.Subscription](data)
	case tenancy.KindMember:
		return decode[tenancy.Member](data)
	case tenancy.KindProject:
		return decode[tenancy.Project](data)
	case tenancy.KindProjectMember:
		return decode[tenancy.ProjectMember](data)
	case tenancy.KindKey:
		return decodeKey(data)
	case tenancy.KindInvite:
		return decodeInvite(data)
	case tenancy.KindNameClaim:
		return decode[tenancy.NameClaim](data)
	default:
		return decode[tenancy.Model](data)
	}
}

// Size is the bytes that MaxRecord counts, whatever the backend's own encoding:
// the length of the canonical form. It is 0 for what has none.
func Size(v tenancy.Entity) int {
	data, err := Marshal(v)
	if err != nil {
		return 0
	}
	return len(data)
}

func decode[T tenancy.Recordable](data []byte) (tenancy.Entity, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("%w: not a record of its kind", ErrCorrupt)
	}
	return v, nil
}

// Digests hide themselves in JSON; these are the forms that show them.
type (
	keyForm struct {
		tenancy.Key
		Current  secretForm `json:"current"`
		Previous secretForm `json:"previous,omitzero"`
	}
	secretForm struct {
		tenancy.KeySecret
		Digest digestForm `json:"digest"`
		Seal   digestForm `json:"seal"`
	}
	inviteForm struct {
		tenancy.Invite
		Digest digestForm `json:"digest"`
	}
	digestForm [32]byte
)

func (d digestForm) MarshalJSON() ([]byte, error) { return json.Marshal(d[:]) }

func (d *digestForm) UnmarshalJSON(data []byte) error {
	var b []byte
	if err := json.Unmarshal(data, &b); err != nil || len(b) != len(d) {
		return ErrCorrupt
	}
	*d = digestForm(b)
	return nil
}

func showSecret(s tenancy.KeySecret) secretForm {
	return secretForm{KeySecret: s, Digest: digestForm(s.Digest), Seal: digestForm(s.Seal)}
}

func (f secretForm) secret() tenancy.KeySecret {
	s := f.KeySecret
	s.Digest, s.Seal = tenancy.Digest(f.Digest), tenancy.Digest(f.Seal)
	return s
}

func decodeKey(data []byte) (tenancy.Entity, error) {
	var f keyForm
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: not a record of its kind", ErrCorrupt)
	}
	k := f.Key
	k.Current, k.Previous = f.Current.secret(), f.Previous.secret()
	return k, nil
}

func decodeInvite(data []byte) (tenancy.Entity, error) {
	var f inviteForm
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: not a record of its kind", ErrCorrupt)
	}
	i := f.Invite
	i.Digest = tenancy.Digest(f.Digest)
	return i, nil
}

// object is a JSON object with its members in order.
type object struct{ members []member }

type member struct {
	name  string
	value json.RawMessage
}

// formOf is what encoding/json writes out of v, digests shown.
func formOf(v tenancy.Entity) any {
	switch v := v.(type) {
	case tenancy.Key:
		return keyForm{Key: v, Current: showSecret(v.Current), Previous: showSecret(v.Previous)}
	case tenancy.Invite:
		return inviteForm{Invite: v, Digest: digestForm(v.Digest)}
	}
	return v
}

// What a value may take in JSON: 64 bytes with its member's name and punctuation, of
// which a digest takes most, and in a text no more than \u0001 for each byte.
const (
	maxForm   = 64
	maxEscape = 6
)

// atMost is a bound of Size(v) that is cheap to find, or over MaxRecord where there
// is none. It returns ErrInvalid unless every text that v reaches is UTF-8 without NUL and
// every time is zero or a whole microsecond of UTC in the years 1970 to 9999: what
// every engine can keep as it is.
func atMost(v tenancy.Entity) (int64, error) {
	n, ok := weigh(reflect.ValueOf(v))
	if !ok {
		return 0, fmt.Errorf("%w: a record has texts of UTF-8 without NUL and times of whole UTC microseconds", ErrInvalid)
	}
	return n, nil
}

func weigh(v reflect.Value) (n int64, ok bool) {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		return maxForm + maxEscape*int64(len(s)), utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
	case reflect.Slice:
		return weighAll(v.Len(), v.Index)
	case reflect.Struct:
		if t, ok := reflect.TypeAssert[time.Time](v); ok {
			return weighTime(t)
		}
		return weighAll(v.NumField(), v.Field)
	case reflect.Bool, reflect.Int64:
		return maxForm, true
	case reflect.Array:
		if _, ok := reflect.TypeAssert[tenancy.Digest](v); ok {
			return maxForm, true
		}
	}
	return MaxRecord + 1, true
}

func weighAll(count int, at func(int) reflect.Value) (int64, bool) {
	total := int64(maxForm)
	for i := range count {
		n, ok := weigh(at(i))
		if !ok {
			return 0, false
		}
		total += n
	}
	return total, true
}

// weighTime gives no bound for a zero time of another zone, which not all have a form.
func weighTime(t time.Time) (int64, bool) {
	switch {
	case t == time.Time{}:
		return maxForm, true
	case t.IsZero():
		return MaxRecord + 1, true
	}
	return maxForm, t == tenancy.Instant(t) && t.Year() >= 1970 && t.Year() <= 9999
}

// plain is v's own members in the order of its struct.
func plain(v tenancy.Entity) (object, error) {
	if _, err := atMost(v); err != nil {
		return object{}, err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(formOf(v)); err != nil {
		return object{}, fmt.Errorf("%w: record has no JSON form", ErrInvalid)
	}
	return parseObject(buf.Bytes())
}

func parseObject(data []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var o object
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return o, fmt.Errorf("%w: not an object", ErrCorrupt)
	}
	for dec.More() {
		name, err := dec.Token()
		var m member
		if err == nil {
			m.name, _ = name.(string)
			err = dec.Decode(&m.value)
		}
		if err != nil {
			return o, fmt.Errorf("%w: not an object", ErrCorrupt)
		}
		o.members = append(o.members, m)
	}
	return o, nil
}

// keepUnknown appends the members of old that v's form has no field for.
func keepUnknown(out *bytes.Buffer, old []byte, v tenancy.Entity) error {
	before, err := parseObject(old)
	if err != nil {
		return err
	}
	known := map[string]bool{"v": true, "record": true}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(formOf(v))) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
	}
	for _, m := range before.members {
		if !known[m.name] {
			fmt.Fprintf(out, ",%s:%s", quoted(m.name), m.value)
		}
	}
	return nil
}

func quoted(s string) []byte {
	data, _ := json.Marshal(s) // a string always has a JSON form
	return data
}
