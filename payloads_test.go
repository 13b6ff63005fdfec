package tenet_test

import (
	"fmt"
	"slices"
	"strings"
)

// mark stands in every payload that has room for it, and nowhere else.
const mark = "MaRk7q"

// payload is a text that some parser, engine, terminal or eye takes for more than a
// text, or that is none.
type payload struct{ family, text string }

// payloads are at least 500 of them.
func payloads(on, others ids) (all []payload) {
	seen := map[string]bool{}
	add := func(family string, texts ...string) {
		for _, text := range texts {
			if !seen[text] {
				all = append(all, payload{family, text})
			}
			seen[text] = true
		}
	}
	around := func(family string, bits ...string) { // before, in the middle of and after the mark
		for _, bit := range bits {
			add(family, bit+mark, mark[:3]+bit+mark, mark+bit)
		}
	}
	with := func(family string, bits ...string) { // before or after the mark
		for i, bit := range bits {
			if i%2 == 0 {
				add(family, bit+mark)
			} else {
				add(family, mark+bit)
			}
		}
	}
	for b := range 0xa0 {
		if b < 0x20 || b >= 0x7f {
			around("control", string(rune(b)))
		}
	}
	around("line", "\r\n", "\n\r", "\u2028", "\u2029", "\r\nSet-Cookie: a=b\r\n\r\n", "%0d%0a", "\n"+`{"level":"ERROR"}`)
	around("encoding", "\x80", "\xbf", "\xfe", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x92", // cut short
		"\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf", "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", // overlong
		"\xed\xa0\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb2\xa9", // surrogates
		"\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xef\xbb\xbf\xff")
	around("space", " ", "\u00a0", "\u1680", "\u2000", "\u2009", "\u202f", "\u205f", "\u3000", "\t", "\v", "\f", "\u200b", "\u2060", "\ufeff", "\u00ad")
	with("eye", "\u202e", "\u202d", "\u2066", "\u2069", "\u200d", "\u200c", "\u200e", "\u200f", "\u212a", "\u017f", "\u0131", "\uff21", "\u0430", "e\u0301", "\u0345",
		strings.Repeat("\U0001d160", 30), // within the bound, and beyond it once folded
		"\U0001f469\u200d\U0001f680", "\U000e0041", "\ufffd", "\ufffe", "\U0001d160", strings.Repeat("\u0301", 40))
	for _, open := range []string{"'", `"`, "`", "]", "')", "'))", `\'`, " ' ", "\u02bc", "\u2019", "%27", "%bf'"} {
		for _, then := range []string{" OR 1=1 --", " OR ''='", "; DROP TABLE project; --", " UNION SELECT * FROM log --", "||(SELECT 1)||'", "/*", " AND 1=CAST(0 AS int)"} {
			add("sql", mark+open+then)
		}
	}
	with("sql", "%", "_", "*", "?", "?1", ":a", "@a", "$1", "x'00'", "--", ";")
	with("json", `"`, `\`, `\"`, `\u0000`, `\u0027`, `","role":"owner`, `"}`, `]}`, `{"$ne":null}`, `{"$gt":""}`, "null", "true", "[]", "{}", "all", "\\ud800")
	with("format", "%s", "%n", "%d", "%v", "%+v", "%#v", "%x", "%p", "%!s(int=1)", "%%", "%[1]*d", "%1000000d", "%s%s%s%s%n", "{0}", "{{.}}", "{{7*7}}", "${jndi:ldap://x}", "#{7*7}", "<%= 7 %>")
	with("path", "/", "\\", ".", "..", "../", "../../../../etc/passwd", "..\\..\\", "%2e%2e%2f", "....//", "/etc/passwd", "file:///etc/passwd", "C:\\", "\\\\host\\share", "~", "a//b")
	with("shell", "$(id)", "`id`", "; id", "| id", "&& id", "> /tmp/x", "-rf", "*", "!!", "=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1")
	with("markup", "<script>1</script>", "<img src=x onerror=1>", "&lt;", "&#0;", "<!--", "]]>", "<!ENTITY x SYSTEM 'file:///x'>", "javascript:1", "[a](javascript:1)")
	add("word", "null", "nil", "undefined", "NaN", "Infinity", "true", "0", "-0", "1e309", "all", "All", "ALL", "admin", "root", "owner ", " owner", "OWNER", "own\u0435r", "(unknown)", "*", "%", "_", "Local", "UTC\x00")
	for _, from := range []ids{on, others} {
		add("id", string(from.org), string(from.project), string(from.service), string(from.mems), string(from.invite), "mem_"+string(from.org)[4:],
			strings.ToLower(string(from.org)), string(from.org)+"0", string(from.org)[:29], " "+string(from.project), string(from.service)+"\x00", string(from.org)+"/"+string(from.project))
	}
	add("id", "org_", "proj_", "key_", "inv_", "org_01JD0000000000000000000000", "proj_01JD0000000000000000000000", "key_000000000000", "inv_01JD0000000000000000000000",
		"org_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "proj_01jd0000000000000000000000", "key_00000000000\uff10")
	add("length", "", " ", "\x00", "x")
	add("length", xs(1<<10), mark+strings.Repeat("\u00e9", 1<<9), mark+strings.Repeat("\u00e9", 1<<15), xs(1<<20))
	return all
}

// payloads are the basic ones, a third of them as they stand in each of the rule's
// shapes, and texts about the bound.
func (r rule) payloads(basic []payload) []payload {
	all := slices.Clip(basic)
	for n, shape := range r.shapes {
		before, after, _ := strings.Cut(shape, "%")
		for i, p := range basic {
			if i%3 == n%3 && len(p.text) <= 1<<10 {
				all = append(all, payload{p.family + " in " + shape, before + p.text + after})
			}
		}
	}
	if r.most == 0 {
		return all
	}
	for n := r.most - 1; n <= r.most+1; n++ {
		all = append(all, payload{fmt.Sprint("length ", n), r.fill(n)})
	}
	return append(all, payload{fmt.Sprint("length ", r.most+1, " in fewer letters"), strings.Replace(r.fill(r.most), "x", "\u00e9", 1)})
}
