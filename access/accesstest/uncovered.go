package accesstest

import (
	"fmt"
	"slices"
	"strings"

	"example.com/tenet/tenancy"
)

// Uncovered tells what no line of a table asks about: a line for each person, with the
// actions, and for each key, with the models that its project may hear of. It is
// empty where everything is asked about, whatever the subject. Lines that [Check]
// would not take cover nothing.
func Uncovered(v *View, table string) string {
	asked := map[[2]string]bool{}
	rows, _ := parse(table)
	for _, r := range rows {
		for _, who := range v.whoAsks(r) {
			asked[[2]string{who, r.does}] = true
		}
	}
	var b strings.Builder
	for _, user := range v.users.labels() {
		v.gaps(&b, asked, "person "+user, user, actions())
	}
	for _, key := range v.keys.labels() {
		id, _ := v.keys.find(key)
		v.gaps(&b, asked, "key "+key, key+" calls", v.heardBy(id))
	}
	return b.String()
}

// whoAsks is the caller of a row, as [View.gaps] asks for them.
func (v *View) whoAsks(r row) []string {
	if _, _, _, problem := v.ask(r); problem != "" {
		return nil
	}
	if r.calls && r.on == "" {
		key, _ := v.keys.find(r.who)
		return []string{"key " + v.keys.label(key)}
	}
	user, _ := v.users.find(r.who)
	return []string{"person " + v.users.label(user)}
}

// gaps writes a line of what was not asked, if there is any.
func (v *View) gaps(b *strings.Builder, asked map[[2]string]bool, who, name string, all []string) {
	missing := slices.DeleteFunc(slices.Clone(all), func(does string) bool { return asked[[2]string{who, does}] })
	if len(missing) > 0 {
		fmt.Fprintf(b, "%s: %s\n", name, strings.Join(missing, ", "))
	}
}

// heardBy are the models that a key's project may hear of.
func (v *View) heardBy(key tenancy.KeyID) (all []string) {
	for _, m := range v.ProjectModels(v.projectOf[key]) {
		all = append(all, string(m.Model))
	}
	return all
}
