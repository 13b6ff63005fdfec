package access_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet/access"
)

// What a host's pages get as JSON has names of its own and comes back as it was.
func TestJSON(t *testing.T) {
	before, after := acme().view(t), acme().with(archived("web")).view(t)
	for _, v := range []any{
		access.Compare(before, after), before.People("acme"), before.Keys("web"), before.ProjectModels("web"),
		before.Explain("svc", "gone"), access.Decision{Effect: access.Unavailable, Reason: access.ReasonUnavailable},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatal(err)
		}
		for _, name := range memberNames(plain) {
			if !jsonName.MatchString(name) {
				t.Errorf("%T has a member %q", v, name)
			}
		}
		back := reflect.New(reflect.TypeOf(v))
		if err := json.Unmarshal(data, back.Interface()); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(v, back.Elem().Interface(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%T (-before +after):\n%s", v, diff)
		}
	}
}

// jsonName is words of more than a letter: "id", "org_role".
var jsonName = regexp.MustCompile(`^[a-z]{2,}(_[a-z]{2,})*$`)

// memberNames are the names of all members of a JSON value.
func memberNames(v any) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			names = append(names, name)
			names = append(names, memberNames(member)...)
		}
	case []any:
		for _, member := range v {
			names = append(names, memberNames(member)...)
		}
	}
	return names
}

func TestEffectText(t *testing.T) {
	for text, want := range map[string]access.Effect{"allow": access.Allow, "deny": access.Deny, "unavailable": access.Unavailable, "": access.Deny, "Allow": access.Deny, "yes": access.Deny} {
		got := access.Allow
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q = %v, %v; want %v", text, got, err, want)
		}
	}
}
