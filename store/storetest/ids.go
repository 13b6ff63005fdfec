package storetest

import "strings"

// lookAlikes are texts that are one to some collation, normalisation, pattern or
// separator, and are all different here.
func lookAlikes() []string {
	return []string{
		"a", "A", "á", "a\u0301", "à", "ａ", "а", // small, capital, accented twice, full width, Cyrillic
		"Ａ", "A\u030a", "Å", "\u212b", // one by NFC or NFKC
		"k", "K", "\u212a", "s", "ſ", "i", "I", "ı", "İ", "ß", "ss", "SS", "ẞ",
		"σ", "ς", "Σ", "fi", "ﬁ", "FI", "ǆ", "ǅ", "\U00010428", "\U00010400", "i\u0307", // one by folding
		"aa", "ab", "a ", " a", "a\t", "a\u00a0", "a\u200b", "a\u200d", "\u202ea",
		"\u200fa", "\ufeffa", "a\u00ad", "a\u3000", "a\u2028", "a\r", "a\v", "a\u0085", "a\x7f", "א", "אa", "aא",
		"%", "_", "a%", "a_", "%a%", "*", "a*", "?", "[a]", "a?", "[", "a]", "[a-z]", "[^b]", "{a}", "**", "a%5f", "%61", "^a$", ".",
		"'", "''", `"`, "`", `\`, `\'`, "a'b", "' OR '1'='1", "'; DROP TABLE project; --", "$1", ":a", "@a", "?1", `a\`, `a\\`, `"a"`, "x'61'", "--", "/*", "{{a}}",
		"a|b", "a:b", "a/b", "a,b", "a;b", "a-b", "a.b", "a\x01b", "a\x1fb", "a\nb", "../a", "a#b", "a&b",
		"1", "01", "1.0", "1e0", "+1", "0x1", "-0", "0", "0b1", "1 ", "１", "١", "9007199254740992", "9007199254740993", "Infinity", "true", "NULL", "null", "NaN",
		"\U0001f511", "\U0001f511\ufe0f", "\ue000", "\ud7ff", "\uffff", "\U00010000", "\U0010ffff", "z", "~",
		strings.Repeat("a", 254), strings.Repeat("a", 255), strings.Repeat("é", 127),
	}
}
