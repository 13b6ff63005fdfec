package accesstest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/tenet/access"
)

// row is one expectation: a question, an answer and a why.
type row struct {
	line  int
	who   string
	calls bool   // else does is an action
	does  string // an action, or a model
	on    string // the action's subject, or the project of a call in person
	whose string // whose key it would be; of create_key
	want  access.Decision
	why   string
}

// question is the row as a table would ask it of what is done.
func (r row) question(does string) string {
	text := quote(r.who)
	if r.calls {
		text += " calls"
	}
	text += " " + does
	if r.on != "" && r.calls {
		text += " in"
	}
	if r.on != "" {
		text += " " + quote(r.on)
	}
	if r.whose != "" {
		text += " for " + quote(r.whose)
	}
	return text
}

// mistake is a line of a table that is no expectation.
type mistake struct {
	line    int
	text    string
	problem string
}

// parse returns the rows of a table, and the lines that are mistaken.
func parse(table string) (rows []row, wrong []mistake) {
	heading, above := "", false // above: the line before was a comment
	for _, l := range joined(table) {
		comment, isComment := strings.CutPrefix(l.text, "#")
		switch comment = strings.TrimSpace(comment); {
		case isComment && above:
			heading += " " + comment
		case isComment:
			heading = comment
		case l.text != "":
			asked, err := parseLine(l.text, heading)
			if err != nil {
				wrong = append(wrong, mistake{l.number, l.text, err.Error()})
			}
			for _, r := range asked {
				r.line = l.number
				rows = append(rows, r)
			}
		}
		above = isComment
	}
	return rows, wrong
}

type line struct {
	number int
	text   string
}

// joined are the lines of a table; one that ends in a comma goes on in the next.
func joined(table string) (all []line) {
	goesOn := false
	for i, text := range strings.Split(table, "\n") {
		text = strings.TrimSpace(text)
		if goesOn {
			all[len(all)-1].text += " " + text
		} else {
			all = append(all, line{i + 1, text})
		}
		goesOn = strings.HasSuffix(text, ",") && !strings.Contains(all[len(all)-1].text, "#")
	}
	return all
}

// parseLine returns the rows of a line, one for each combination of what it lists.
func parseLine(text, heading string) ([]row, error) {
	tokens, why, err := scan(text)
	if err != nil {
		return nil, err
	}
	arrow := slices.Index(tokens, token{"->", false})
	if arrow < 0 {
		return nil, errors.New(`no "->" between the question and the answer`)
	}
	common := row{why: why}
	if why == "" {
		common.why = heading
	}
	if common.why == "" {
		return nil, errors.New("no why: neither a # at its end nor a comment above it")
	}
	if common.want, err = parseAnswer(tokens[arrow+1:]); err != nil {
		return nil, err
	}
	return parseQuestion(tokens[:arrow], common)
}

// parseAnswer reads "allow", or "deny" and a reason.
func parseAnswer(tokens []token) (d access.Decision, err error) {
	effect, rest := next(tokens)
	reason, rest := next(rest)
	known, ok := access.ParseReason(reason)
	switch {
	case len(rest) > 0:
	case effect == "allow" && reason == "":
		return access.Decision{Effect: access.Allow}, nil
	case effect == "deny" && reason == "":
		return d, errors.New("a denial names its reason")
	case effect == "deny" && ok:
		return access.Decision{Reason: known}, nil
	case effect == "deny":
		return d, fmt.Errorf("there is no reason %q", reason)
	}
	return d, errors.New(`the answer is neither "allow" nor "deny" and a reason`)
}

// next is the first word, and what follows it.
func next(tokens []token) (string, []token) {
	if len(tokens) == 0 {
		return "", nil
	}
	return tokens[0].word, tokens[1:]
}

// parseQuestion reads who, what and on what, and multiplies what is listed.
func parseQuestion(tokens []token, common row) ([]row, error) {
	who, rest := list(tokens)
	common.calls, rest = keyword("calls", rest)
	does, rest := list(rest)
	in, rest := keyword("in", rest)
	on, rest := list(rest)
	whose, rest := keyword("for", rest)
	if whose && len(rest) > 0 {
		common.whose, rest = next(rest)
	}
	shape := len(on) > 0 && !in && whose == (common.whose != "")
	if common.calls {
		shape = in == (len(on) > 0) && !whose
	}
	if !shape || len(who) == 0 || len(does) == 0 || len(rest) > 0 {
		return nil, errors.New(`the question is none of "who action subject", "who calls model" and "who calls model in project"`)
	}
	return multiply(common, who, does, on), nil
}

// keyword takes a word that is not quoted, if it is the next.
func keyword(word string, tokens []token) (found bool, rest []token) {
	if len(tokens) > 0 && tokens[0] == (token{word, false}) {
		return true, tokens[1:]
	}
	return false, tokens
}

// multiply is a row for each combination.
func multiply(common row, who, does, on []string) (rows []row) {
	if len(on) == 0 {
		on = []string{""}
	}
	for _, common.who = range who {
		for _, common.does = range does {
			for _, common.on = range on {
				rows = append(rows, common)
			}
		}
	}
	return rows
}

// token is a word of a line, or a comma.
type token struct {
	word   string
	quoted bool
}

// list reads words with commas between them.
func list(tokens []token) (words []string, rest []token) {
	for len(tokens) > 0 && tokens[0] != (token{",", false}) {
		words, tokens = append(words, tokens[0].word), tokens[1:]
		if len(tokens) == 0 || tokens[0] != (token{",", false}) {
			break
		}
		tokens = tokens[1:]
	}
	return words, tokens
}

// scan cuts a line into its words and what stands after a #.
func scan(text string) (tokens []token, why string, err error) {
	for {
		text = strings.TrimLeft(text, " \t\r")
		switch {
		case text == "":
			return tokens, "", nil
		case text[0] == '#':
			return tokens, strings.TrimSpace(text[1:]), nil
		case text[0] == ',':
			tokens, text = append(tokens, token{",", false}), text[1:]
		case text[0] == '"':
			quoted, err := strconv.QuotedPrefix(text)
			if err != nil {
				return nil, "", errors.New("a quotation that does not end")
			}
			word, _ := strconv.Unquote(quoted) // it is one, says QuotedPrefix
			tokens, text = append(tokens, token{word, true}), text[len(quoted):]
		default:
			end := strings.IndexAny(text, " \t\r,")
			if end < 0 {
				end = len(text)
			}
			tokens, text = append(tokens, token{text[:end], false}), text[end:]
		}
	}
}

// quote is a name as tables spell it.
func quote(name string) string {
	tokens, _, err := scan(name)
	plain := err == nil && len(tokens) == 1 && tokens[0] == token{name, false} && strconv.Quote(name) == `"`+name+`"`
	if plain && !slices.Contains([]string{"->", ",", "-", "in", "for", "calls"}, name) {
		return name
	}
	return strconv.Quote(name)
}
