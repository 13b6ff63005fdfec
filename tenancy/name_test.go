package tenancy_test

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
)

func TestB5Fold(t *testing.T) {
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"case", "Prod", "PROD", true},
		{"sharp s", "Straße", "STRASSE", true},
		{"capital sharp s", "STRA\u1e9eE", "strasse", true},
		{"NFC and NFD", "Caf\u00e9", "Cafe\u0301", true},
		{"NFD in capitals", "CAFE\u0301", "caf\u00e9", true},
		{"order of marks", "a\u0323\u0302", "a\u0302\u0323", true},
		{"Kelvin sign", "\u212aimi", "kimi", true},
		{"Angstrom sign", "\u212b", "\u00e5", true},
		{"long s", "gro\u017f\u017f", "GROSS", true},
		{"final sigma", "\u03a3\u0399\u03a3", "\u03c3\u03b9\u03c2", true},
		{"ligature", "o\ufb03ce", "OFFICE", true},
		{"iota subscript", "\u1fb3", "\u03b1\u03b9", true},
		{"dz in title case", "\u01c5", "\u01c6", true},
		{"dotless i is a letter of its own", "\u0131", "i", false},
		{"dotted capital I is not i", "\u0130", "i", false},
		{"full width is not compatibility-folded", "\uff21", "a", false},
		{"accents count", "cafe", "café", false},
		{"homoglyphs are not folded", "\u0430", "a", false},
		{"a joiner counts", "a\u200db", "ab", false},
		{"spaces count", "a b", "ab", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := tenancy.Fold(tt.a), tenancy.Fold(tt.b)
			if (a == b) != tt.same {
				t.Errorf("Fold(%q) = %+q, Fold(%q) = %+q; want the same: %v", tt.a, a, tt.b, b, tt.same)
			}
		})
	}
}

func TestFoldSpelling(t *testing.T) {
	if got := tenancy.Fold("CAFE\u0301 Stra\u1e9ee"); got != "caf\u00e9 strasse" {
		t.Errorf("Fold = %+q", got)
	}
}

// Unicode folds Cherokee to its capitals; what matters is that both cases are one name.
func TestFoldCherokee(t *testing.T) {
	for small, capital := range map[string]string{"\uab70": "\u13a0", "\uabbf": "\u13ef", "\u13f8": "\u13f0", "\u13fd": "\u13f5"} {
		if tenancy.Fold(small) != tenancy.Fold(capital) {
			t.Errorf("%+q and %+q are two names", small, capital)
		}
	}
}

// checkFold holds the laws of a folded name: folding again changes nothing, it is
// text in NFC, and the canonical spellings of a name are one.
func checkFold(t interface{ Fatalf(string, ...any) }, s string) {
	folded := tenancy.Fold(s)
	if again := tenancy.Fold(folded); again != folded {
		t.Fatalf("Fold(%+q) = %+q, and again %+q", s, folded, again)
	}
	if !utf8.ValidString(folded) || !norm.NFC.IsNormalString(folded) {
		t.Fatalf("Fold(%+q) = %+q is not NFC", s, folded)
	}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := tenancy.Fold(form.String(s)); other != folded {
			t.Fatalf("Fold(%+q) = %+q, of its normal form %+q", s, folded, other)
		}
	}
}

func TestB5FoldLaws(t *testing.T) {
	for r := rune(1); r <= 0x1ffff; r++ { // no letter above folds
		if utf8.ValidRune(r) {
			checkFold(t, string(r))
		}
	}
	// Letters and marks that meet: combining classes, iota subscript, Hangul, folds that grow.
	runes := []rune("aAsS\u017f\u00df\u1e9ei\u0130\u0131\u0307\u0301\u0345\u03b1\u0391\u03b9\u03c2\u1fb3\u1fb7\u212a\u0323\u05e9\u05bc\u1100\u1161\ufb03\u0149\u01f0\u1f80\u0313")
	rapid.Check(t, func(t *rapid.T) {
		checkFold(t, rapid.OneOf(rapid.StringOf(rapid.SampledFrom(runes)), rapid.String()).Draw(t, "name"))
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Straße", "STRASSE", "Cafe\u0301", "\u212aimi", "\u0131\u0130", "\u03a3\u03c2", "\u1fb7\u0345\u0301", "👩‍🚀", "\uab70\u13a0\u13f8\u13f0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			if tenancy.CheckName("name", s) == nil {
				t.Fatalf("%q is a name", s)
			}
			return
		}
		checkFold(t, s)
		if tenancy.CheckName("name", s) == nil && (len(s) > tenancy.MaxName || len(tenancy.Fold(s)) > tenancy.MaxFolded) {
			t.Fatalf("%q is a name, and too long", s)
		}
	})
}

func TestB4CheckName(t *testing.T) {
	type named struct{ s string }
	for _, e := range append(badNames("name", func(n *named) *string { return &n.s }),
		edit[named]{"empty", "nothing to see", func(n *named) { n.s = "" }, "name"}) {
		t.Run(e.name, func(t *testing.T) {
			var n named
			e.change(&n)
			checkField(t, tenancy.CheckName("name", n.s), e.field, e.why)
		})
	}
}
