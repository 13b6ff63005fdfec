package tenet_test

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// rule says which texts are good in a slot, in words of its own, and what becomes of
// those and of all others.
type rule struct {
	legit     func(string) bool
	most      int                // the longest good text, in bytes; 0 where there is no such bound
	fill      func(n int) string // a good text of n bytes, with the mark in it
	shapes    []string           // what a text may stand in, at the %, beside standing alone
	good, bad verdict
}

// verdict is what comes of a text.
type verdict struct {
	name  string
	err   error  // nil: done
	field string // of the *tenancy.FieldError; empty where it need be none
	idle  bool   // nothing is committed
	kept  bool   // it stands somewhere in what was committed, byte for byte
}

func kept() verdict         { return verdict{name: "kept", kept: true} }
func heard() verdict        { return verdict{name: "done, and not kept"} }
func idle() verdict         { return verdict{name: "nothing to do", idle: true} }
func not(err error) verdict { return verdict{name: err.Error(), err: err} }
func no(field string) verdict {
	return verdict{name: "invalid " + field, err: tenancy.ErrInvalid, field: field}
}
func xs(n int) string         { return mark + strings.Repeat("x", n-len(mark)) }
func anyText(string) bool     { return true }
func noText(string) bool      { return false }
func emptyText(s string) bool { return s == "" }
func control(s string) bool   { return strings.ContainsFunc(s, unicode.IsControl) }
func printable(s string) bool { return utf8.ValidString(s) && !control(s) }
func user(s string) bool      { return s != "" && len(s) <= 255 && printable(s) }
func storable(s string) bool {
	return len(s) <= 255 && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}
func among(all ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(all, s) }
}

func or(these ...func(string) bool) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(these, func(is func(string) bool) bool { return is(s) })
	}
}

func name(s string) bool {
	return s != "" && len(s) <= 128 && printable(s) && !strings.ContainsAny(s, "\u2028\u2029") && strings.TrimFunc(s, unicode.IsSpace) == s &&
		strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }) && len(tenancy.Fold(s)) <= 255
}

func email(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	return local != "" && domain != "" && len(s) <= 254 && printable(s) && !strings.ContainsFunc(s, unicode.IsSpace) && strings.Count(s, "@") == 1
}

func logo(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && len(s) <= 2048 && printable(s) && !strings.ContainsFunc(s, unicode.IsSpace)
}

func form(pattern string) func(string) bool {
	return regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString
}

var (
	modelID   = form(`[A-Za-z0-9._:/@+~-]{1,128}`)
	projectID = form(`proj_[0-7][0-9A-HJKMNP-TV-Z]{25}`)
	orgID     = form(`org_[0-7][0-9A-HJKMNP-TV-Z]{25}`)
	accent    = form(`#[0-9a-fA-F]{6}`)
)

// ruleOf is the rule of a slot: the one under the narrowest of its names.
func ruleOf(s slot) (rule, bool) {
	all := rules()
	for _, name := range s.names {
		if r, ok := all[name]; ok {
			return r, true
		}
	}
	return rule{}, false
}

// rules are the rules of all slots: by method and path, by struct and field, by type.
func rules() map[string]rule {
	hidden := not(tenet.ErrNotFound)
	names := func(field string) rule { return rule{legit: name, most: 128, fill: xs, good: kept(), bad: no(field)} }
	optional := func(r rule) rule { r.legit = or(emptyText, r.legit); return r }
	address := func(field string) rule {
		return rule{legit: email, most: 254, fill: func(n int) string { return xs(n-2) + "@x" }, shapes: []string{"%@x.example", "a@%"}, good: kept(), bad: no(field)}
	}
	id := func(prefix string) rule {
		return rule{legit: noText, shapes: []string{prefix + "%", "%" + prefix}, bad: hidden}
	}
	person := rule{legit: user, most: 255, fill: xs, good: hidden, bad: hidden}
	gone := rule{legit: user, most: 255, fill: xs, good: idle(), bad: hidden} // who is not there is removed already
	models := func(field string, good verdict) rule {
		return rule{legit: modelID, most: 128, fill: xs, shapes: []string{"openai/%"}, good: good, bad: no(field)}
	}
	filter := rule{legit: storable, most: 255, fill: xs, good: heard(), bad: not(store.ErrInvalid)}
	ref := rule{legit: func(s string) bool { return s != "" && storable(s) }, most: 255, fill: xs, good: heard(), bad: not(store.ErrInvalid)}
	cursor := rule{legit: emptyText, good: heard(), bad: not(store.ErrInvalid)}
	choice := func(field string, all ...string) rule {
		return rule{legit: among(all...), good: kept(), bad: no(field)}
	}
	measure := func(field string) rule { return choice(field, "money", "tokens", "requests") }
	window := func(field string) rule { return choice(field, "minute", "hour", "day", "month") }
	zone := rule{legit: among("UTC", "Asia/Kathmandu"), shapes: []string{"Europe/%", "../%"}, good: kept(), bad: no("time_zone")}
	model := rule{legit: modelID, most: 128, fill: xs, good: kept(), bad: no("model")}
	operator := rule{legit: user, most: 255, fill: xs, good: kept(), bad: no("user")}
	picture := rule{legit: logo, most: 2048, fill: func(n int) string { return "https://x.example/" + xs(n-18) },
		shapes: []string{"https://x.example/%", "https://%", "https://%/"}, good: kept(), bad: no("logo_url")}
	maybe := rule{legit: anyText, good: heard()} // which project somebody works in: any answer but an error
	return map[string]rule{
		"Actor As": person, "Operator As": optional(operator),
		"ChangeOptions.Op":       optional(rule{legit: user, most: 255, fill: xs, good: kept(), bad: not(store.ErrInvalid)}),
		"ChangeOptions.OnBehalf": optional(operator),

		"tenancy.OrgID": id("org_"), "tenancy.ProjectID": id("proj_"), "tenancy.KeyID": id("key_"), "tenancy.InviteID": id("inv_"),
		"tenancy.UserID": person, "tenancy.ModelID": models("models", no("models")), "tenancy.ModelSet": models("models", no("models")),
		"tenancy.Role": choice("role", "owner", "member", "viewer"),

		"NewProject.Name": names("name"), "Actor.RenameProject name": names("name"), "Actor.RestoreProject name": optional(names("name")),
		"Actor.ActiveProject asked": maybe, "Actor.ActiveProject remembered": maybe,
		"Actor.RemoveProjectMember user": gone, "Actor.TurnOffModels models": models("models", idle()),

		"Actor.Explain model": maybe, "Actor.Preview org": {legit: noText, shapes: []string{"org_%"}, bad: no("change")},
		"NewKey.Name": names("name"), "Actor.RenameKey name": names("name"), "NewKey.Kind": choice("kind", "personal", "service"),

		"Actor.Organizations As":       {legit: user, most: 255, fill: xs, good: heard(), bad: no("user")},
		"Actor.AcceptInvite As":        {legit: user, most: 255, fill: xs, good: kept(), bad: no("user")},
		"Actor.AcceptInvite token":     {legit: noText, shapes: []string{"tenet_live_i1_%"}, bad: hidden},
		"Actor.AcceptInvite who.Email": func() rule { r := address("email"); r.good = not(tenet.ErrForbidden); return r }(),
		"Profile.Name":                 optional(names("name")), "Profile.Email": optional(address("email")),
		"Actor.RemoveMember user": gone, "Actor.SetRole role": choice("role", "owner", "member"),
		"NewInvite.Email": address("email"), "NewInvite.Role": choice("role", "", "owner", "member"),
		"Placement.Project": {legit: projectID, shapes: []string{"proj_%"}, good: hidden, bad: no("placements")}, "Placement.Role": choice("placements", "owner", "member", "viewer"),

		"Actor.RenameOrganization name": names("name"), "NewOrganization.Name": names("name"),
		"Branding.LogoURL":       optional(picture),
		"Branding.Accent":        optional(rule{legit: accent, shapes: []string{"#%", "#abcde%"}, good: kept(), bad: no("accent")}),
		"Actor.SetTimeZone zone": zone, "NewOrganization.TimeZone": optional(zone),
		"NewOrganization.Currency": {legit: among("EUR", "ALL"), shapes: []string{"EU%"}, good: kept(), bad: no("currency")},
		"NewOrganization.Plan":     names("plan"), "NewOrganization.Models": models("models", kept()),
		"Operator.CreateOrganization n.Owner.Role": {legit: anyText, good: heard()}, // it is not asked for
		"NewMember.User": operator, "NewMember.Name": optional(names("name")), "NewMember.Email": optional(address("email")), "NewMember.Role": choice("role", "", "owner", "member"),

		"Subscription.Plan": names("plan"), "Subscription.Models": models("models", kept()),
		"Limit.Measure": measure("default"), "Limit.Window": window("default"),
		"Operator.SetSubscription s.Maximum.Measure": measure("maximum"), "Operator.SetSubscription s.Maximum.Window": window("maximum"),
		"Operator.CreateOrganization n.Maximum.Measure": measure("maximum"), "Operator.CreateOrganization n.Maximum.Window": window("maximum"),
		"Model.ID": model, "Model.Alias": {legit: emptyText, good: heard(), bad: no("alias")}, "Model.Orgs": {legit: orgID, shapes: []string{"org_%"}, good: kept(), bad: no("orgs")},
		"Price.Unit": {legit: among(units()...), good: kept(), bad: no("prices")}, "Price.Currency": {legit: among("EUR", "ALL"), good: kept(), bad: no("currency")},
		"Operator.ErasePerson user": {legit: user, most: 255, fill: xs, good: idle(), bad: no("user")},
		"Operator.RetireModel id":   {legit: modelID, most: 128, fill: xs, good: hidden, bad: hidden},

		"Operator.ImportKey As": operator, "ImportedKey.Name": names("name"), "ImportedKey.Kind": choice("kind", "personal"),
		"ImportedKey.Holder":            {legit: user, most: 255, fill: xs, good: no("holder"), bad: no("user")},
		"ImportedKey.SHA256":            {legit: form("[0-9a-fA-F]{64}"), shapes: []string{hashed("x")[:58] + "%"}, good: heard(), bad: no("sha256")},
		"Operator.RevokeBySecret token": {legit: anyText, shapes: []string{"tenet_live_k1_%"}, good: idle()},

		"UsageQuery.Step":    {legit: among("", "quarter_hour", "hour", "day", "month"), good: heard(), bad: not(usage.ErrInvalid)},
		"UsageQuery.By":      {legit: among("project", "model", "key", "user", "outcome"), good: heard(), bad: not(usage.ErrInvalid)},
		"UsageQuery.Measure": {legit: among(append(units(), "", "calls", "cost")...), good: heard(), bad: not(usage.ErrInvalid)},
		"ActivityQuery.Key":  filter, "ActivityQuery.User": filter, "ActivityQuery.Model": filter, "ActivityQuery.Outcome": filter, "ActivityQuery.After": cursor,
		"AuditQuery.Actor": filter, "AuditQuery.Action": filter, "AuditQuery.After": cursor,
		"Ref.Org": ref, "Ref.ID": ref, "Ref.User": ref,
		"Actor.Audit project": optional(id("proj_")), "Actor.EachActivity project": optional(id("proj_")), "Actor.Roster project": optional(id("proj_")), "Operator.Audit org": optional(id("org_")),
		"Actor.Begin As": {legit: noText, bad: not(errDenied)}, "Actor.Begin org": {legit: noText, bad: not(errDenied)},
		"Actor.Begin project": {legit: noText, bad: not(errDenied)}, "Actor.Begin model": {legit: noText, bad: not(errDenied)},
	}
}

func units() (all []string) {
	for _, u := range tenancy.Units() {
		all = append(all, string(u))
	}
	return all
}

// complaint says how an answer to a text is not the one that the verdict is; empty
// where it is that.
func (v verdict) complaint(text string, most int, got reply) string {
	var field *tenancy.FieldError
	switch err := got.err; {
	case got.panicked != nil:
		return "a panic"
	case v.err == nil && err != nil:
		return "refused: " + err.Error()
	case v.err == nil:
		return ""
	case err == nil:
		return "taken"
	case !errors.Is(err, v.err):
		return "refused otherwise: " + err.Error()
	case v.field == "":
		return ""
	case !errors.As(err, &field) || field.Field != v.field:
		return "not the field's error: " + err.Error()
	case most > 0 && len(text) > most && !strings.Contains(field.Rule, strconv.Itoa(most)):
		return "the limit is not named: " + err.Error()
	}
	return ""
}
