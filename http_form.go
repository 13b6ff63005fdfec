package tenet

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// A form is read by two parties as a JSON body is, and by parsers that differ more. So
// what is taken is narrow: parts that follow each other with nothing between them, each
// with a plain name and no encoding, the model once. Official clients send it after the
// file; next gets it before, so that who reads only so far has read it.

const (
	maxParts      = 64
	maxPartHeader = 1024 // bytes
)

// plainBoundary says whether parts can be separated by b (RFC 2046, 5.1.1).
func plainBoundary(b string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? "
	return b != "" && len(b) <= 70 && strings.Trim(b, letters) == "" && b[len(b)-1] != ' '
}

// formFields are those that the edge looks at. Each occurs once at most.
var formFields = []string{"model", "stream", "file"}

// scanForm reads a body of multipart/form-data (RFC 7578) as scanBody reads JSON.
func scanForm(body []byte, boundary string) (bodyScan, *HTTPError) {
	s := bodyScan{plain: true, output: -1}
	seen := map[string]bool{}
	f := form{body: body, delimiter: []byte("\r\n--" + boundary)}
	if !f.open() {
		return s, badForm("The body is not multipart/form-data with this boundary.")
	}
	for n := 0; !f.ended; n++ {
		from := f.at
		name, file, value, ok := f.part()
		if !ok || n == maxParts {
			return s, badForm("The form has a part that cannot be read for certain, or more than 64.")
		}
		field := folded(name)
		if _, stored := storedKinds[field]; stored || strings.HasPrefix(field, guardedPrefix) || guarded[field].refused {
			return s, badBody("unsupported_parameter", "", "This gateway does not take a field of the form.")
		}
		if !slices.Contains(formFields, field) {
			continue
		}
		if seen[field] || name != field || file != (field == "file") {
			return s, badBody("invalid_member", field, "Send the field "+field+" once, and exactly so.")
		}
		seen[field] = true
		switch field {
		case "model":
			s.modelAt, s.model = value, formModel(value.of(body))
			if seen["file"] {
				s.late = span{from - len("\r\n") - len(f.delimiter), value.to}
				s.lead = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
			}
		case "stream":
			s.stream = strings.EqualFold(string(value.of(body)), "true") || string(value.of(body)) == "1"
		}
	}
	if !seen["model"] {
		return s, noModel()
	}
	return s, nil
}

func badForm(message string) *HTTPError { return badBody("invalid_form", "", message) }

// folded is a name as readers fold it who do not go by its case.
func folded(name string) string { return string(appendFolded(nil, []byte(name))) }

func formModel(text []byte) tenancy.ModelID {
	if len(text) > maxModelText {
		return usage.UnknownModel
	}
	return modelID(string(text))
}

// form walks over the parts of a body.
type form struct {
	body      []byte
	delimiter []byte // with the line break before it
	at        int    // behind the delimiter before the next part
	ended     bool
}

// open finds the first delimiter, which nothing comes before.
func (f *form) open() bool {
	first := f.delimiter[len("\r\n"):]
	if !bytes.HasPrefix(f.body, first) {
		return false
	}
	f.at = len(first)
	return f.line()
}

// line takes what follows a delimiter: the end of its line, or the end of the form.
func (f *form) line() bool {
	rest := f.body[f.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("\r\n")):
		f.at += len("\r\n")
		return true
	case string(rest) == "--" || string(rest) == "--\r\n":
		f.ended = true
		return true
	}
	return false
}

// part takes the next part: its name, whether it is a file, and where its content stands.
func (f *form) part() (name string, file bool, value span, ok bool) {
	head, rest, found := bytes.Cut(f.body[f.at:], []byte("\r\n\r\n"))
	if !found || len(head) > maxPartHeader {
		return "", false, span{}, false
	}
	name, file, ok = partHeader(string(head))
	if !ok {
		return "", false, span{}, false
	}
	from := f.at + len(head) + len("\r\n\r\n")
	var size int
	if bytes.HasPrefix(rest, f.delimiter[len("\r\n"):]) {
		return "", false, span{}, false // some take it for a part of nothing, others for content
	}
	if size = bytes.Index(rest, f.delimiter); size < 0 {
		return "", false, span{}, false
	}
	value = span{from, from + size}
	f.at = value.to + len(f.delimiter)
	return name, file, value, f.line()
}

// partHeader reads the header of a part: one Content-Disposition with a plain name, and
// beside it a Content-Type at most.
func partHeader(head string) (name string, file, ok bool) {
	disposed, typed := false, false
	for line := range strings.SplitSeq(head, "\r\n") {
		field, value, colon := strings.Cut(line, ":")
		switch {
		case strings.ContainsFunc(line, unicode.IsControl): // a lone CR, for one
			return "", false, false
		case colon && strings.EqualFold(field, "Content-Disposition") && !disposed:
			disposed = true
			if name, file, ok = disposition(strings.TrimSpace(value)); !ok {
				return "", false, false
			}
		case colon && strings.EqualFold(field, "Content-Type") && !typed:
			typed = true
		default:
			return "", false, false
		}
	}
	return name, file, disposed
}

// disposition reads `form-data; name="…"` with a filename or without. An extended
// parameter, which says a name once more, is refused.
func disposition(value string) (name string, file, ok bool) {
	kind, params, err := mime.ParseMediaType(value)
	if err != nil || kind != "form-data" || strings.Contains(value, "*=") {
		return "", false, false
	}
	name, named := params["name"]
	_, file = params["filename"]
	for p := range params {
		if p != "name" && p != "filename" {
			return "", false, false
		}
	}
	plain := !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
	return name, file, named && plain && name != "" && len(name) <= maxMemberName
}
