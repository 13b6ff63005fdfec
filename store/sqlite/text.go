package sqlite

import (
	"fmt"
	"strings"
)

// The SQL of a table. All of it is made of identifiers out of the tables of this
// package; values are parameters.

// writeTexts is every statement that a transaction may need.
func writeTexts() []string {
	texts := []string{lockText, opText, appendText, prunedText, forgetText,
		horizonText, existingText, priceText, tallyText, moveText, orgsText, pruneText}
	for _, tier := range tiers {
		texts = append(texts, dropText(tier))
	}
	for _, t := range tables {
		texts = append(texts, t.revText(), t.insertText(), t.updateText(), t.deleteText())
	}
	return texts
}

func (t table) revText() string {
	return fmt.Sprintf(`SELECT rev FROM %s WHERE %s`, t.name, equal(t.key))
}

// insertText takes rev, the key and the data.
func (t table) insertText() string {
	return fmt.Sprintf(`INSERT INTO %s (rev, %s, %s) VALUES %s`,
		t.name, list(t.key), list(t.data), tuples(1, 1+len(t.key)+len(t.data)))
}

// updateText takes the new rev, the data, the key and the rev that is replaced.
func (t table) updateText() string {
	return fmt.Sprintf(`UPDATE %s SET rev = ?, %s = ? WHERE %s AND rev = ?`,
		t.name, strings.Join(t.data, " = ?, "), equal(t.key))
}

// deleteText takes the key and the rev.
func (t table) deleteText() string {
	return fmt.Sprintf(`DELETE FROM %s WHERE %s AND rev = ?`, t.name, equal(t.key))
}

// getText takes the keys that are wanted as a JSON array of arrays, and returns
// each record that is there with the place of its key in that array.
func (t table) getText() string {
	joins := make([]string, len(t.key))
	for i, column := range t.key {
		joins[i] = fmt.Sprintf(`t.%s = w.value ->> %d`, column, i)
	}
	return fmt.Sprintf(`SELECT w.key, t.rev, %s FROM json_each(?) w CROSS JOIN %s t ON %s`,
		qualified(t.key, t.data), t.name, strings.Join(joins, " AND "))
}

// listText takes the arguments of the scope, the position and a limit.
func (t table) listText(l listing) string {
	where := "1"
	if len(l.scope) > 0 {
		where = equal(l.scope) + l.where
	}
	text := fmt.Sprintf(`SELECT rev, %s, %s FROM %s WHERE %s`, list(t.key), list(t.data), t.name, where)
	if len(l.order) > 0 {
		text += fmt.Sprintf(` AND (%s) > %s ORDER BY %s`, list(l.order), tuples(1, len(l.order)), list(l.order))
	}
	return text + ` LIMIT ?`
}

func list(columns []string) string { return strings.Join(columns, ", ") }

func equal(columns []string) string { return strings.Join(columns, " = ? AND ") + " = ?" }

func qualified(lists ...[]string) string {
	var all []string
	for _, columns := range lists {
		for _, c := range columns {
			all = append(all, "t."+c)
		}
	}
	return list(all)
}

// tuples is rows times "(?, …)" with width parameters.
func tuples(rows, width int) string {
	one := "(?" + strings.Repeat(", ?", width-1) + ")"
	return one + strings.Repeat(", "+one, rows-1)
}
