package accesstest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// Run checks a table of expectations, as the package comment has it, and reports all that
// fail as one error of t.
func Run(t TB, v *View, table string) {
	t.Helper()
	if err := Check(v, table); err != nil {
		t.Errorf("%v", err)
	}
}

// Check is [Run] for programs: it returns all that fails as one error. A table without a
// line is an error too.
func Check(v *View, table string) error {
	if v.err != nil {
		return v.err
	}
	rows, wrong := parse(table)
	if len(rows)+len(wrong) == 0 {
		return errors.New("accesstest: the table is empty")
	}
	failures := make([]failure, 0, len(wrong))
	for _, m := range wrong {
		failures = append(failures, failure{m.line, 1, m.text, row{}, nil, []detail{{"but", m.problem}}})
	}
	for _, r := range rows {
		if details := v.judge(r); details != nil {
			failures = noted(failures, r, details)
		}
	}
	if len(failures) == 0 {
		return nil
	}
	slices.SortStableFunc(failures, func(a, b failure) int { return cmp.Compare(a.line, b.line) })
	return errors.New(told(failures, len(rows)+len(wrong)))
}

// failure is a line that is no row, or rows of one line that fail alike and differ in
// no more than what is done.
type failure struct {
	line    int
	rows    int    // how many expectations
	text    string // of what is no row
	asked   row
	does    []string
	details []detail
}

// detail is one line under a failure.
type detail struct{ label, text string }

// noted adds a row that fails.
func noted(all []failure, r row, details []detail) []failure {
	does := quote(r.does)
	r.does = ""
	alike := func(f failure) bool { return f.asked == r && slices.Equal(f.details, details) }
	if i := slices.IndexFunc(all, alike); i >= 0 {
		all[i].does = append(all[i].does, does)
		all[i].rows++
		return all
	}
	return append(all, failure{r.line, 1, "", r, []string{does}, details})
}

func told(failures []failure, of int) string {
	var b strings.Builder
	failing := 0
	for _, f := range failures {
		failing += f.rows
		fmt.Fprintf(&b, "\n    line %d: %s\n", f.line, cmp.Or(f.text, f.asked.question(strings.Join(f.does, ", "))))
		for _, d := range f.details {
			fmt.Fprintf(&b, "        %-5s %s\n", d.label, d.text)
		}
	}
	return fmt.Sprintf("accesstest: %d of %d expectations fail\n%s", failing, of, strings.TrimSuffix(b.String(), "\n"))
}

// judge returns what is to say of a row that fails; nil of one that holds.
func (v *View) judge(r row) []detail {
	got, all, who, problem := v.ask(r)
	if problem != "" {
		return []detail{{"but", problem}, {"why", r.why}}
	}
	if got.Effect == r.want.Effect && got.Reason == r.want.Reason {
		return nil
	}
	return []detail{{"want", verdict(r.want, nil)}, {"got", verdict(got, all)}, {"who", who}, {"why", r.why}}
}

// verdict is a decision in words, with all the reasons where they are known.
func verdict(d access.Decision, all []access.Reason) string {
	reasons := []string{d.Reason.String()}
	for _, r := range all {
		if r != d.Reason {
			reasons = append(reasons, r.String())
		}
	}
	return strings.TrimSpace(d.Effect.String() + " " + strings.Join(reasons, ", "))
}

// ask puts a row to the view: what it answers with all the reasons that are known, who it
// is that asks, or what is wrong with a word of the row.
func (v *View) ask(r row) (d access.Decision, all []access.Reason, who, problem string) {
	switch {
	case !r.calls:
		d, who, problem = v.askAction(r)
	case r.on != "":
		d, who, problem = v.askInPerson(r)
	default:
		return v.askByKey(r)
	}
	return d, nil, who, problem
}

func (v *View) askByKey(r row) (d access.Decision, all []access.Reason, who, problem string) {
	key, problem := v.keys.find(r.who)
	if problem != "" && v.users.has(r.who) {
		problem = fmt.Sprintf(`%s is a person, who calls a model "in" a project`, r.who)
	}
	if problem == "" {
		problem = v.doubtModel(r)
	}
	e := v.Explain(key, tenancy.ModelID(r.does))
	return e.Decision, e.Reasons, v.whatKey(key), problem
}

func (v *View) askInPerson(r row) (d access.Decision, who, problem string) {
	user, problem := v.users.find(r.who)
	project, doubt := v.projects.find(r.on)
	problem = cmp.Or(problem, doubt, v.doubtModel(r))
	return v.CanUse(user, project, tenancy.ModelID(r.does)), v.whoIs(user, v.home[project], project), problem
}

// doubtModel doubts a model that the catalogue does not have, unless that is the point.
func (v *View) doubtModel(r row) string {
	if r.want.Reason == access.ReasonModelUnknown || r.want.Reason == access.ReasonNoModel {
		return ""
	}
	_, problem := v.models.find(r.does)
	return problem
}

func (v *View) askAction(r row) (d access.Decision, who, problem string) {
	action := access.Action(r.does)
	user, problem := v.users.find(r.who)
	on, doubt := v.subject(action, r.on)
	problem = cmp.Or(problem, doubt)
	if r.whose != "" {
		on.User, doubt = v.users.find(r.whose)
		problem = cmp.Or(problem, doubt)
	}
	if r.whose != "" && action != access.CreateKey {
		problem = cmp.Or(problem, fmt.Sprintf(`"for" says whose key %s makes, and nothing of %s`, access.CreateKey, action))
	}
	return v.Can(user, action, on), v.whoIs(user, on.Org, on.Project), problem
}

// subject is what a word names, of the kinds that an action may be about, and the
// organization and project that it is in.
func (v *View) subject(action access.Action, word string) (on access.Subject, problem string) {
	org, noOrg := v.orgs.find(word)
	project, noProject := v.projects.find(word)
	key, noKey := v.keys.find(word)
	of := scopeOf(action)
	switch {
	case of == scope{}:
		return on, fmt.Sprintf("there is no action %q%s", action, but(actions()))
	case of.org && noOrg == "":
		return access.Subject{Org: org}, ""
	case of.project && noProject == "":
		return access.Subject{Org: v.home[project], Project: project}, ""
	case of.key && noKey == "":
		return access.Subject{Org: v.home[v.projectOf[key]], Project: v.projectOf[key], Key: key}, ""
	case noOrg == "", noProject == "", noKey == "":
		is := scope{org: noOrg == "", project: noProject == "", key: noKey == ""}
		return on, fmt.Sprintf("%s is about %v, and %q is %v", action, of, word, is)
	case of.key:
		return on, noKey
	case of.project:
		return on, noProject
	}
	return on, noOrg
}
