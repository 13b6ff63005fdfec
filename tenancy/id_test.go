package tenancy_test

import (
	"strings"
	"testing"

	"example.com/tenet/tenancy"
)

// parsers are the strict readers of identifiers, one a kind.
var parsers = map[string]struct {
	good  string
	parse func(string) (string, error)
}{
	"organization": {string(org), text(tenancy.ParseOrgID)},
	"project":      {string(project), text(tenancy.ParseProjectID)},
	"membership":   {string(stay), text(tenancy.ParseMembershipID)},
	"invite":       {string(invite), text(tenancy.ParseInviteID)},
	"key":          {string(key), text(tenancy.ParseKeyID)},
}

func text[T ~string](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		id, err := parse(s)
		return string(id), err
	}
}

// Each kind takes its own ids as they are minted and nothing else.
func TestA24MintedIDs(t *testing.T) {
	for field, p := range parsers {
		t.Run(field, func(t *testing.T) {
			if got, err := p.parse(p.good); err != nil || got != p.good {
				t.Errorf("Parse(%q) = %q, %v", p.good, got, err)
			}
			prefix, body, _ := strings.Cut(p.good, "_")
			bad := map[string]string{
				"empty": "", "prefix alone": prefix + "_", "body alone": body, "no separator": prefix + body,
				"prefix in capitals": strings.ToUpper(prefix) + "_" + body, "prefix twice": prefix + "_" + p.good,
				"one short": p.good[:len(p.good)-1], "one over": p.good + "0",
				"space before": " " + p.good, "space after": p.good + " ", "line feed after": p.good + "\n",
				"NUL after": p.good + "\x00", "NUL inside": prefix + "_\x00" + body[1:], "hyphen inside": prefix + "_-" + body[1:],
				"invalid UTF-8": prefix + "_\xff" + body[1:], "full width": prefix + "_\uff10" + body[3:],
				"zero width joiner": p.good + "\u200d", "1 MB": p.good + strings.Repeat("0", 1<<20),
			}
			for kind, other := range parsers {
				if kind != field {
					bad["id of "+kind] = other.good
				}
			}
			for name, s := range bad {
				got, err := p.parse(s)
				checkField(t, err, field, name)
				if got != "" {
					t.Errorf("%s: returned %q beside its error", name, got)
				}
			}
		})
	}
}

// A ULID has one spelling: Crockford's letters that look alike, lower case and
// numbers beyond 128 bits are refused, though decoders take them.
func TestA24ULIDSpelling(t *testing.T) {
	for name, body := range map[string]string{
		"lower case": "01j0000000000000000000000a", "one lower case letter": "01J0000000000000000000000a",
		"I for 1": "0IJ0000000000000000000000A", "O for 0": "O1J0000000000000000000000A", "U": "01J000000000000000000000UA",
		"beyond 128 bits": "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
	} {
		_, err := tenancy.ParseOrgID("org_" + body)
		checkField(t, err, "organization", name)
	}
	if _, err := tenancy.ParseOrgID("org_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"); err != nil {
		t.Errorf("the greatest ULID: %v", err)
	}
}

func TestParseKeyIDAlphabet(t *testing.T) {
	for b := range 256 {
		s := "key_" + string([]byte{byte(b)}) + "bCdEf012345"
		_, err := tenancy.ParseKeyID(s)
		want := strings.Contains("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", string([]byte{byte(b)}))
		if (err == nil) != want {
			t.Errorf("byte %#x: %v", b, err)
		}
	}
}

func TestA24ParseUserID(t *testing.T) {
	tests := []struct {
		name, why, id string
		ok            bool
	}{
		{"one byte", "the least", "a", true},
		{"255 bytes", "the most", strings.Repeat("a", 255), true},
		{"256 bytes", "one above", strings.Repeat("a", 256), false},
		{"empty", "nobody", "", false},
		{"issuer and subject", "the host's own, opaque", "https://login.example|auth0|42", true},
		{"capitals", "nothing is folded", "Ann", true},
		{"decomposed", "nothing is normalised", "e\u0301", true},
		{"Kelvin sign", "nothing is folded", "\u212a", true},
		{"spaces", "the host's affair", " a ", true},
		{"right-to-left mark", "no control character of category Cc", "a\u200fb", true},
		{"role's name", "another type", "owner", true},
		{"NUL", "control", "a\x00", false},
		{"tab", "control", "a\tb", false},
		{"DEL", "control", "\x7f", false},
		{"C1", "control", "\u0085", false},
		{"invalid UTF-8", "not text", "\xff", false},
		{"lone surrogate", "not text", "\xed\xa0\x80", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tenancy.ParseUserID(tt.id)
			if tt.ok {
				checkField(t, err, "", tt.why)
				if string(got) != tt.id {
					t.Errorf("changed to %q", got)
				}
				return
			}
			checkField(t, err, "user", tt.why)
		})
	}
}

func TestA24ParseModelID(t *testing.T) {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-:/@+~"
	for b := range 256 {
		s := string([]byte{byte(b)})
		got, err := tenancy.ParseModelID(s)
		if (err == nil) != strings.Contains(letters, s) || (err == nil && string(got) != s) {
			t.Errorf("byte %#x: %q, %v", b, got, err)
		}
	}
	tests := []struct {
		name, id string
		ok       bool
	}{
		{"usual", "anthropic/claude-3.5:beta@2024", true},
		{"128 bytes", strings.Repeat("a", 128), true},
		{"129 bytes", strings.Repeat("a", 129), false},
		{"empty", "", false},
		{"wildcard", "openai/*", false},
		{"Kelvin sign", "\u212aimi", false},
		{"long s", "gpt-5\u017f", false},
		{"full width", "\uff47pt", false},
		{"zero width joiner", "gpt\u200d-5", false},
		{"right-to-left override", "gpt\u202e5", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tenancy.ParseModelID(tt.id)
			field := "model"
			if tt.ok {
				field = ""
			}
			checkField(t, err, field, tt.name)
		})
	}
}

// No error repeats what it refuses, so that it may be shown and logged.
func TestA30ErrorsDoNotEcho(t *testing.T) {
	const marker = "s3cr3t-marker\x00"
	var errs []error
	for _, p := range parsers {
		_, err := p.parse(marker)
		errs = append(errs, err)
	}
	_, userErr := tenancy.ParseUserID(marker)
	_, modelErr := tenancy.ParseModelID(marker)
	k, i, o := aKey(), anInvite(), anOrganization()
	k.Name, i.Email, o.Branding.LogoURL = marker, marker, marker
	for _, err := range append(errs, userErr, modelErr, k.Validate(), i.Validate(), o.Validate()) {
		if err == nil || strings.Contains(err.Error(), "marker") {
			t.Errorf("error %v", err)
		}
	}
}
