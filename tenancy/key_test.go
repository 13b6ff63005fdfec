package tenancy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

type akey = tenancy.Key

func TestKeyValidate(t *testing.T) {
	service := func(f func(*akey)) func(*akey) {
		return func(k *akey) { k.Kind, k.Holder, k.Membership = tenancy.KeyService, "", ""; f(k) }
	}
	checkValidate(t, aKey, []edit[akey]{
		{"no organization", "whose?", func(k *akey) { k.Org = "" }, "organization"},
		{"no id", "which?", func(k *akey) { k.ID = "" }, "key"},
		{"no project", "it belongs to exactly one", func(k *akey) { k.Project = "" }, "project"},
		{"nobody created it", "somebody did", func(k *akey) { k.CreatedBy = "" }, "user"},
		{"no kind", "zero values deny", func(k *akey) { k.Kind = "" }, "kind"},
		{"unknown kind", "the set is closed", func(k *akey) { k.Kind = "admin" }, "kind"},
		{"personal without a holder", "whose?", func(k *akey) { k.Holder = "" }, "user"},
		{"personal without a membership", "which stay?", func(k *akey) { k.Membership = "" }, "membership"},
		{"service", "the project's own", service(func(*akey) {}), ""},
		{"service with a holder", "it is nobody's", service(func(k *akey) { k.Holder = "ann" }), "holder"},
		{"service with a membership", "it is nobody's", service(func(k *akey) { k.Membership = stay }), "holder"},
		{"no name", "people read it", func(k *akey) { k.Name = "" }, "name"},
		{"no secret", "a key is minted with one", func(k *akey) { k.Current = tenancy.KeySecret{} }, "current"},
		{"one secret", "no rotation is open", func(k *akey) { k.Previous = tenancy.KeySecret{} }, ""},
		{"two secrets", "a rotation is open", func(k *akey) { k.Previous = aSecret() }, ""},
		{"a previous secret without a pepper", "present, so whole", func(k *akey) { k.Previous.Digest[0] = 1 }, "previous"},
	})
	checkValidate(t, aKey, badNames("name", func(k *akey) *string { return &k.Name }))
	checkValidate(t, aKey, badModels("models", func(k *akey) *tenancy.ModelSet { return &k.Models }))
	checkValidate(t, aKey, badLimits("limits", func(k *akey) *tenancy.Limits { return &k.Limits }))
	for field, at := range map[string]func(*akey) *time.Time{
		"created": func(k *akey) *time.Time { return &k.Created },
		"expires": func(k *akey) *time.Time { return &k.Expires },
		"revoked": func(k *akey) *time.Time { return &k.Revoked },
	} {
		checkValidate(t, aKey, badTimes(field, at))
	}
}

func TestKeySecretValidate(t *testing.T) {
	for field, at := range map[string]func(*akey) *tenancy.KeySecret{
		"current":  func(k *akey) *tenancy.KeySecret { return &k.Current },
		"previous": func(k *akey) *tenancy.KeySecret { k.Previous = aSecret(); return &k.Previous },
	} {
		pepper := func(s string) func(*akey) { return func(k *akey) { at(k).Pepper = s } }
		checkValidate(t, aKey, []edit[akey]{
			{field + " pepper of one byte", "the least", pepper("p"), ""},
			{field + " pepper at 64 bytes", "the most", pepper(strings.Repeat("p", 64)), ""},
			{field + " pepper at 65 bytes", "one above", pepper(strings.Repeat("p", 65)), field},
			{field + " no pepper", "it could not be verified", pepper(""), field},
			{field + " pepper with NUL", "every engine keeps texts", pepper("p\x00"), field},
			{field + " hint with NUL", "the token's own characters", func(k *akey) { at(k).Hint = "a\x00" }, field},
			{field + " hint of four", "the most", func(k *akey) { at(k).Hint = "abcd" }, ""},
			{field + " no hint", "an import may have none", func(k *akey) { at(k).Hint = "" }, ""},
			{field + " hint of five", "it would show the secret", func(k *akey) { at(k).Hint = "abcde" }, field},
			{field + " minted by nobody", "somebody saw it", func(k *akey) { at(k).MintedBy = "" }, "user"},
			{field + " minted in nanoseconds", "whole microseconds", func(k *akey) { at(k).Minted = now.Add(1) }, field},
			{field + " ends in nanoseconds", "whole microseconds", func(k *akey) { at(k).Ends = now.Add(1) }, field},
		})
	}
}

func TestKeyTimes(t *testing.T) {
	k, s := aKey(), aSecret()
	if k.Expired(now.AddDate(100, 0, 0)) || !s.Live(now.AddDate(100, 0, 0)) {
		t.Error("a key without an expiry ended")
	}
	k.Expires, s.Ends = later, later
	for _, tt := range []struct {
		name string
		at   time.Time
		over bool
	}{{"before", later.Add(-1), false}, {"at the instant", later, true}, {"after", later.Add(1), true}} {
		if k.Expired(tt.at) != tt.over || s.Live(tt.at) == tt.over {
			t.Errorf("%s: expired %v, live %v", tt.name, k.Expired(tt.at), s.Live(tt.at))
		}
	}
	if (tenancy.KeySecret{}).Live(now) || (tenancy.KeySecret{Ends: later}).Live(now) {
		t.Error("an absent secret is live")
	}
}

func TestCheckExpiry(t *testing.T) {
	tests := []struct {
		name, why string
		expires   time.Time
		field     string
	}{
		{"never", "the zero time", time.Time{}, ""},
		{"before now", "it would be born dead", now.Add(-time.Microsecond), "expires"},
		{"now", "a key expires at the instant that it names", now, "expires"},
		{"after now", "it lives", now.Add(time.Microsecond), ""},
		{"after now, in nanoseconds", "whole microseconds", now.Add(1), "expires"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := aKey()
			k.Expires = tt.expires
			checkField(t, k.CheckExpiry(now), tt.field, tt.why)
		})
	}
}

func TestKeyTransitions(t *testing.T) {
	k := aKey()
	renamed, err := k.Rename("desktop")
	if err != nil || renamed.Name != "desktop" {
		t.Errorf("Rename: %q, %v", renamed.Name, err)
	}
	_, err = k.Rename("")
	checkField(t, err, "name", "people read it")
	inPlan := func(id tenancy.ModelID) bool { return id == "m1" }
	narrow, err := k.RestrictTo(tenancy.Models("m1"), inPlan)
	if err != nil || !narrow.Models.Equal(tenancy.Models("m1")) {
		t.Errorf("RestrictTo: %v", err)
	}
	_, err = k.RestrictTo(tenancy.Models(""), inPlan)
	checkField(t, err, "models", "no model id")
	_, err = narrow.RestrictTo(tenancy.Models("m1", "m2"), inPlan)
	checkField(t, err, "models", "the catalogue is not to be probed")
	if wide, err := narrow.RestrictTo(tenancy.AllModels(), inPlan); err != nil || !wide.Models.All() {
		t.Errorf("RestrictTo all: %v", err)
	}
	revoked := k.Revoke(now.Add(9)).Revoke(later)
	want := aKey()
	want.Revoked = now
	if diff := cmp.Diff(want, revoked); diff != "" {
		t.Errorf("revoked twice (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(aKey(), k); diff != "" {
		t.Errorf("the receiver was changed (-want +got):\n%s", diff)
	}
}

func TestA30DigestHides(t *testing.T) {
	d := tenancy.Digest{0xde, 0xad, 0xbe, 0xef, 31: 0xff}
	k := aKey()
	k.Current.Digest, k.Current.Seal, k.Previous.Digest = d, d, d
	i := anInvite()
	i.Digest = d
	for _, v := range []any{d, &d, k, &k, k.Current, i, []tenancy.Digest{d}, map[string]any{"d": d}} {
		data, err := json.Marshal(v)
		if err != nil || !strings.Contains(string(data), "[digest]") {
			t.Errorf("JSON of %T: %s, %v", v, data, err)
		}
		shown := string(data)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b"} {
			shown += fmt.Sprintf(verb, v)
		}
		for _, trace := range []string{"deadbeef", "de ad be ef", "222 173", "0xde, 0xad", "3q2+7w"} {
			if strings.Contains(strings.ToLower(shown), strings.ToLower(trace)) {
				t.Errorf("%T shows %q in %s", v, trace, shown)
			}
		}
	}
	if got := d.String() + fmt.Sprintf(" %v %#v %d %b", d, d, d, d); got != "[digest] [digest] [digest] [digest] [digest]" {
		t.Errorf("shown as %s", got)
	}
}

func TestDigestEqual(t *testing.T) {
	d := tenancy.Digest{1, 2, 3}
	for i := range d {
		for bit := range 8 {
			other := d
			other[i] ^= 1 << bit
			if d.Equal(other) {
				t.Fatalf("equal though bit %d of byte %d differs", bit, i)
			}
		}
	}
	if !d.Equal(d) || !(tenancy.Digest{}).Equal(tenancy.Digest{}) {
		t.Error("not equal to itself")
	}
}
