package access

import (
	"iter"
	"sync/atomic" //nolint:depguard // keeps a set as bits once it was worked out; no goroutine

	"example.com/tenet/tenancy"
)

// Gate is where the calls of one project are decided on, for programs that decide often:
// it keeps what a [Picture] says of the project close together, and the models that are
// open there as bits. It holds no decision. The zero Gate lets nobody through. It may be
// used from any goroutine, and is not to be copied.
type Gate struct{ now atomic.Pointer[opened] }

// opened is a project at one picture and one catalogue. Immutable.
type opened struct {
	of      *Catalogue
	state   Reasons // of the organization and the project
	plan    bits
	enabled bits
	picture *Picture
	at      *place
}

// Draw has the gate decide by a picture from now on.
func (g *Gate) Draw(p *Picture, project tenancy.ProjectID) {
	if p == nil || p.org.ID == "" {
		g.now.Store(nil)
		return
	}
	at := p.projects[project]
	if at == nil || at.project.ID == "" {
		g.now.Store(nil)
		return
	}
	g.now.Store(&opened{picture: p, at: at, state: p.stateReasons(at)}) // at no catalogue yet
}

// by is the project at another catalogue.
func (o *opened) by(c *Catalogue) *opened {
	next := *o
	next.of = c
	next.plan = c.bits(o.picture.plan.Includes)
	next.enabled = c.bits(func(m tenancy.Model) bool { return o.at.project.Models.Has(m.ID) })
	return &next
}

// Pass is what a key shows at a [Gate]: the part of its record that decisions rest on, at
// the time of the question. The zero Pass is let through nowhere. That the key is of the
// gate's project is for the caller to know.
type Pass struct {
	Subject    Subject // whose key, and which
	Kind       tenancy.KeyKind
	Holder     tenancy.UserID
	Membership tenancy.MembershipID
	Models     *Models
	Own        Reasons // that the key's own record gives: revoked, expired
}

// Decide says whether the key of a pass may call a model, as [Picture.Decide] does.
func (g *Gate) Decide(c *Catalogue, p *Pass, model tenancy.ModelID) Decision {
	o := g.now.Load()
	if o == nil {
		return Decision{Reason: ReasonUnknownKey, Subject: p.Subject}
	}
	if o.of != c {
		next := o.by(c)
		g.now.CompareAndSwap(o, next) // where it was drawn meanwhile, this answer is one of before
		o = next
	}
	d := Decision{Subject: p.Subject}
	m := c.resolve(model)
	if m != nil {
		d.Model = m.ID
	}
	rs := p.Own | o.state | o.reasons(c, p, m, model)
	if d.Reason = rs.First(); rs == 0 {
		d.Effect = Allow
	}
	return d
}

// reasons are those of the holder and of the model, which is nil for a name that stands
// for none.
func (o *opened) reasons(c *Catalogue, p *Pass, m *entered, name tenancy.ModelID) (rs Reasons) {
	if p.Kind != tenancy.KeyService { // of which there is nobody to ask about
		rs = rs.With(ReasonHolderMayNotCall, !o.picture.holderMayCall(o.at, p.Kind, p.Holder, p.Membership))
	}
	if m == nil {
		return rs | unresolved(name)
	}
	return rs.
		With(ReasonModelNotInPlan, !o.plan.has(m.n)).
		With(ReasonModelNotEnabled, !o.enabled.has(m.n)).
		With(ReasonModelNotInKey, !p.Models.has(c, m))
}

// unresolved is what a name that stands for no model is told.
func unresolved(name tenancy.ModelID) Reasons {
	return Reasons(0).With(ReasonNoModel, name == "").With(ReasonModelUnknown, name != "")
}

// Callable yields the entries of the catalogue that the key of a pass may call, aliases
// included, by id: those that [Gate.Decide] allows.
func (g *Gate) Callable(c *Catalogue, p *Pass) iter.Seq[tenancy.Model] {
	return func(yield func(tenancy.Model) bool) {
		for m := range c.All() {
			if g.Decide(c, p, m.ID).Allowed() && !yield(m) {
				return
			}
		}
	}
}
