package access

import (
	"iter"
	"time"

	"example.com/tenet/tenancy"
)

// View is a [Snapshot] at a time. The zero View denies.
type View struct {
	snap *Snapshot
	now  time.Time
}

// CanCall says whether a key may call a model. An id that the snapshot does not
// have is denied with [ReasonUnknownKey].
//
// It knows the key by its id, which is no secret: verifying a token is not this
// package's affair.
func (v View) CanCall(key tenancy.KeyID, model tenancy.ModelID) Decision {
	g := v.grant(key)
	if g == nil {
		return Decision{Reason: ReasonUnknownKey}
	}
	return v.snap.pictures[g.Org].Decide(v.snap.catalogue, g, model, v.now)
}

// CanUse says whether a person may call a model in a project, in the host's own
// playground. Of a project in which the person has no place it tells no more
// than of one that is not there.
func (v View) CanUse(user tenancy.UserID, project tenancy.ProjectID, model tenancy.ModelID) Decision {
	p := v.pictureOf(project)
	if s := p.Standing(user, project); !s.placed() { // not there, or not theirs: one answer
		return Decision{Reason: ReasonHolderMayNotCall, Subject: Subject{Project: project, User: user}}
	}
	return p.DecideUse(v.snap.catalogue, user, project, model)
}

// Explanation is a decision with everything that speaks against it.
type Explanation struct {
	Decision
	Reasons []Reason `json:"reasons,omitzero"` // all that hold, in order; empty where the decision is Allow
}

// Explain is [View.CanCall] with all the reasons.
func (v View) Explain(key tenancy.KeyID, model tenancy.ModelID) Explanation {
	g := v.grant(key)
	if g == nil {
		return Explanation{Decision{Reason: ReasonUnknownKey}, []Reason{ReasonUnknownKey}}
	}
	return v.snap.pictures[g.Org].explain(v.snap.catalogue, g, model, v.now)
}

func (p *Picture) explain(c *Catalogue, g *Grant, model tenancy.ModelID, now time.Time) Explanation {
	rs, canonical := p.keyReasons(c, g, model, now)
	return Explanation{decided(rs, g.subject(), canonical), rs.List()}
}

// Models yields the entries of the catalogue that a key may call, aliases
// included, by id.
func (v View) Models(key tenancy.KeyID) iter.Seq[tenancy.Model] {
	g := v.grant(key)
	if g == nil {
		return func(func(tenancy.Model) bool) {}
	}
	return v.snap.pictures[g.Org].Callable(v.snap.catalogue, g, v.now)
}

// Callable yields the entries of the catalogue that [Picture.Decide] allows the
// key, aliases included, by id.
func (p *Picture) Callable(c *Catalogue, g *Grant, now time.Time) iter.Seq[tenancy.Model] {
	return func(yield func(tenancy.Model) bool) {
		for m := range c.All() {
			if p.Decide(c, g, m.ID, now).Allowed() && !yield(m) {
				return
			}
		}
	}
}

// Can says whether a person may do something. The subject names an organization,
// a project, or a key; what it leaves out follows from what it names. For
// [CreateKey], Subject.User says whose key it would be: empty for a service key.
func (v View) Can(user tenancy.UserID, action Action, subject Subject) Decision {
	s, whose, ok := v.standing(user, action, subject)
	d := Decision{Reason: ReasonNotFound, Subject: subject}
	if ok {
		d.Reason = s.May(action, whose)
	}
	if ok && d.Reason == ReasonNone {
		d.Effect = Allow
	}
	return d
}

// standing finds whom the question is about. ok is false where the subject is
// not there or contradicts itself.
func (v View) standing(user tenancy.UserID, action Action, on Subject) (s Standing, whose Whose, ok bool) {
	var key *Grant
	if on.Key != "" {
		if key = v.grant(on.Key); key == nil || on.Project != "" && on.Project != key.Project {
			return s, "", false
		}
		on.Project = key.Project
	}
	p := v.pictureOf(on.Project)
	if on.Project == "" && v.snap != nil {
		p = v.snap.pictures[on.Org]
	}
	if p == nil || on.Org != "" && on.Org != p.org.ID {
		return s, "", false
	}
	s = p.Standing(user, on.Project)
	switch {
	case key != nil:
		whose = s.WhoseKey(key.Kind, key.Membership)
	case action == CreateKey && on.User == "":
		whose = Service
	case action == CreateKey && on.User == user:
		whose = Own
	case action == CreateKey:
		whose = Others
	}
	return s, whose, true
}

func (v View) grant(key tenancy.KeyID) *Grant {
	if v.snap == nil {
		return nil
	}
	if e := v.snap.keys[key]; e != nil {
		return &e.Grant
	}
	return nil
}

func (v View) pictureOf(project tenancy.ProjectID) *Picture {
	if v.snap == nil {
		return nil
	}
	return v.snap.pictures[v.snap.orgOf[project]]
}

// picture returns that of an organization; an empty one where there is none.
func (v View) picture(org tenancy.OrgID) *Picture {
	if p := v.all().pictures[org]; p != nil {
		return p
	}
	return &Picture{}
}

// all is what the view is of; nothing at all where it is the zero View.
func (v View) all() *Snapshot {
	if v.snap == nil {
		return &Snapshot{catalogue: &Catalogue{}}
	}
	return v.snap
}
