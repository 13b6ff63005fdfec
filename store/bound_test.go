package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// texts are what JSON writes longer than it is, what it leaves alone, and what no
// record may hold.
var texts = []string{
	"", "a", "proj_01J0000000000000000000000A", "\x01", "\x1f", "\x7f", `"`, `\`, "\n", "<", ">", "&", "'", "/",
	"\u2028", "\u2029", "é", "\ufffd", "\U0001f511", "\x00", "\xff", "\xed\xa0\x80",
}

func drawText(t *rapid.T) string {
	var s strings.Builder
	for range rapid.IntRange(0, 3).Draw(t, "pieces") {
		piece := rapid.SampledFrom(texts[:len(texts)-3])
		if rapid.IntRange(0, 200).Draw(t, "spoilt") == 0 {
			piece = rapid.SampledFrom(texts)
		}
		s.WriteString(strings.Repeat(piece.Draw(t, "piece"), rapid.SampledFrom([]int{1, 1, 1, 3, 40, 900}).Draw(t, "times")))
	}
	return s.String()
}

func drawTime(t *rapid.T) time.Time {
	at := time.UnixMicro(rapid.Int64Range(0, 253402300799999999).Draw(t, "micros")).UTC()
	switch rapid.IntRange(0, 300).Draw(t, "time") {
	case 0:
		return at.Add(1)
	case 1:
		return at.In(time.FixedZone("", 3600))
	case 2:
		return at.AddDate(-10000, 0, 0)
	case 3:
		return at.AddDate(9000, 0, 0)
	case 4:
		return time.Time{}.In(time.FixedZone("", 3600))
	case 5:
		return time.Time{}.In(time.FixedZone("", 30*3600)) // has no form
	}
	if rapid.Bool().Draw(t, "never") {
		return time.Time{}
	}
	return at
}

// draw fills what v holds, whatever its type.
func draw(t *rapid.T, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = drawTime(t)
		return
	case *tenancy.ModelSet:
		*p = tenancy.AllModels()
		if rapid.IntRange(0, 3).Draw(t, "listed") > 0 {
			var ids []tenancy.ModelID
			draw(t, reflect.ValueOf(&ids).Elem())
			*p = tenancy.Models(ids...)
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(drawText(t))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Uint8().Draw(t, "byte")))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "yes"))
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			draw(t, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			draw(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			draw(t, v.Field(i))
		}
	default:
		t.Fatalf("no values of %v", v.Type())
	}
}

func drawRecord(t *rapid.T) tenancy.Entity {
	v := reflect.New(reflect.TypeOf(rapid.SampledFrom(samples()).Draw(t, "kind"))).Elem()
	draw(t, v)
	return v.Interface().(tenancy.Entity)
}

// putting v in a batch that has no other fault.
func putting(v tenancy.Entity) store.Batch {
	return store.Batch{Entry: store.Entry{Org: v.Ref().Org, Op: "op", Action: "test", At: at}, Put: []store.Record{{Value: v}}}
}

// Whether a batch takes a record is what Marshal says of it.
func TestValidateAsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawRecord(t)
		sound := putting(v)
		sound.Put = nil
		if sound.Validate() != nil {
			t.Skip("the entry is refused first")
		}
		form, want := store.Marshal(v)
		if want == nil && len(form) > store.MaxRecord {
			want = store.ErrTooLarge
		}
		if want == nil {
			want = store.ValidateRef(v.Ref())
		}
		got := putting(v).Validate()
		if (got == nil) != (want == nil) || errors.Is(got, store.ErrTooLarge) != errors.Is(want, store.ErrTooLarge) {
			t.Errorf("Validate: %v, want %v, of %d bytes", got, want, len(form))
		}
	})
}

func TestValidateRefuses(t *testing.T) {
	p := tenancy.Project{Org: "org", ID: "proj"}
	for name, change := range map[string]func(*tenancy.Project){
		"invalid UTF-8":         func(p *tenancy.Project) { p.Name = "\xff" },
		"NUL":                   func(p *tenancy.Project) { p.Name = "a\x00" },
		"NUL in a list":         func(p *tenancy.Project) { p.Models = tenancy.Models("a", "\x00") },
		"NUL in a list of more": func(p *tenancy.Project) { p.Limits = tenancy.Limits{{}, {Window: "\x00"}} },
		"nanoseconds":           func(p *tenancy.Project) { p.Created = at.Add(1) },
		"a zone":                func(p *tenancy.Project) { p.Archived = at.In(time.FixedZone("", 3600)) },
		"the year 1969":         func(p *tenancy.Project) { p.Created = time.Unix(-1, 0).UTC() },
		"the year 10000":        func(p *tenancy.Project) { p.Created = at.AddDate(9000, 0, 0) },
		"a zone of 30 hours":    func(p *tenancy.Project) { p.Created = time.Time{}.In(time.FixedZone("", 30*3600)) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := p
			change(&bad)
			if err := putting(bad).Validate(); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Validate: %v, want ErrInvalid", err)
			}
		})
	}
}

func TestBoundIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawRecord(t)
		bound, err := store.AtMost(v)
		if size := int64(store.Size(v)); err == nil && bound < size {
			t.Errorf("%d bytes, which were bounded by %d: %v", size, bound, v)
		}
	})
}

// The bound is of use for what records are like: no ordinary one is marshalled.
func TestBoundIsLow(t *testing.T) {
	for _, v := range samples() {
		if bound, err := store.AtMost(v); err != nil || bound > store.MaxRecord/8 {
			t.Errorf("a %v of %d bytes is bounded by %d, %v", v.Ref().Kind, store.Size(v), bound, err)
		}
	}
}

// Records that JSON makes six times as long, at the limit and a byte over it.
func TestValidateAtLimit(t *testing.T) {
	for _, piece := range []string{"n", "\x01", "\u2028", `"`} {
		for over := range 2 {
			t.Run(fmt.Sprintf("%q, %d over", piece, over), func(t *testing.T) {
				p := tenancy.Project{Org: "org", ID: "proj"}
				for store.Size(p) < store.MaxRecord-6 {
					p.Name += strings.Repeat(piece, max(1, (store.MaxRecord-store.Size(p))/7))
				}
				p.Name += strings.Repeat("n", store.MaxRecord+over-store.Size(p))
				if err := putting(p).Validate(); errors.Is(err, store.ErrTooLarge) != (over > 0) || over == 0 && err != nil {
					t.Errorf("%d bytes: %v", store.Size(p), err)
				}
			})
		}
	}
}
