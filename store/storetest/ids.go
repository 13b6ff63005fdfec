package storetest

import "strings"

// lookAlikes are texts that are one to some collation, normalisation, pattern or
// separator, and are all different here.
func lookAlikes() []string {
	return []string{
		"a", "A", "á", "a\u0301", "à", "ａ", "а", // small, capital, accented twice, full width, Cyrillic
		"k", "K", "\u212a", "s", "ſ", "i", "I", "ı", "İ", "ß", "ss", "SS", "ẞ",
		"aa", "ab", "a ", " a", "a\t", "a\u00a0", "a\u200b", "a\u200d", "\u202ea",
		"%", "_", "a%", "a_", "%a%", "*", "a*", "?", "[a]", "a?",
		"'", "''", `"`, "`", `\`, `\'`, "a'b", "' OR '1'='1", "'; DROP TABLE project; --", "$1", ":a", "@a", "?1", "{{a}}",
		"a|b", "a:b", "a/b", "a,b", "a;b", "a-b", "a.b", "a\x01b", "a\x1fb", "a\nb", "../a", "a#b", "a&b",
		"1", "01", "1.0", "1e0", "+1", "0x1", "true", "NULL", "null", "NaN",
		"\U0001f511", "\U0001f511\ufe0f", "\uffff", "\U0010ffff", "z", "~",
		strings.Repeat("a", 254), strings.Repeat("a", 255), strings.Repeat("é", 127),
	}
}
