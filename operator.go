package tenet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Operator is who runs the program that embeds Tenet. It owns the catalogue and
// the subscriptions, creates organizations, and answers to no role. Its user is
// what the audit trail names.
//
// An Operator is a value; it may be kept, copied and used from any goroutine.
type Operator struct{ actor Actor }

// Operator returns the operator's verbs, in the name of me. It is not a right that
// Tenet checks: do not hand it to a request.
func (t *Tenet) Operator(me tenancy.UserID) Operator { return Operator{t.As(me)} }

// With is [Actor.With].
func (o Operator) With(opts ChangeOptions) Operator { return Operator{o.actor.With(opts)} }

// NewOrganization is what an organization is created from. Name, Currency, Owner.User
// and Plan are required.
type NewOrganization struct {
	Name     string           `json:"name"`
	Branding tenancy.Branding `json:"branding,omitzero"`
	TimeZone string           `json:"time_zone"` // IANA; empty means UTC
	Currency string           `json:"currency"`  // ISO 4217; fixed from then on
	Owner    NewMember        `json:"owner"`     // its Role is not asked for
	// Plan, Models, Default and Maximum are the subscription. No models is none.
	Plan    string           `json:"plan"`
	Models  tenancy.ModelSet `json:"models"`
	Default tenancy.Limits   `json:"default,omitzero"`
	Maximum tenancy.Limits   `json:"maximum,omitzero"`
}

// NewMember is what a place on a roster is created from.
type NewMember struct {
	User  tenancy.UserID `json:"user"`
	Name  string         `json:"name,omitzero"`
	Email string         `json:"email,omitzero"`
	Role  tenancy.Role   `json:"role,omitzero"` // member or owner; empty means member
}

// CreateOrganization creates an organization together with its first owner and its
// subscription. Under an operation id its own id follows from that, so that asking
// again does not make a second one; once the log has forgotten the operation, asking
// again is store.ErrReused.
//
// A program that makes an organization at its first start asks
// [Actor.Organizations] of its owner first, and creates one where there is none.
func (o Operator) CreateOrganization(ctx context.Context, n NewOrganization) (tenancy.Organization, error) {
	a := o.actor
	if n.TimeZone == "" {
		n.TimeZone = "UTC"
	}
	if a.opts.Op == "" {
		a.opts.Op = store.OperationID(a.t.mint("op_"))
	}
	org := orgIDOf(a.opts.Op)
	r := a.ask(org, "organization.create", tenancy.KindOrganization, "", n)
	var root tenancy.Organization
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		if err := w.subject(tenancy.OrganizationRef(org).Ref, ""); err != nil {
			return err
		}
		if !read(w, tenancy.OrganizationRef(org)).Absent() {
			return store.ErrReused // by an operation that the log has forgotten
		}
		root = tenancy.Organization{
			ID: org, Name: n.Name, Branding: n.Branding, TimeZone: n.TimeZone, Currency: n.Currency,
			Owners: []tenancy.UserID{n.Owner.User}, Created: tenancy.Instant(w.now),
		}
		plan := tenancy.Subscription{Org: org, Plan: n.Plan, Models: n.Models, Default: n.Default, Maximum: n.Maximum}
		m := a.t.newMember(w, org, n.Owner)
		if err := first(root.Validate(), zoneExists(root.TimeZone), m.Validate(), plan.Validate()); err != nil {
			return err
		}
		w.load(plan.Ref(), m.Ref())
		w.save(root)
		w.save(plan)
		w.save(m)
		return nil
	})
	return outcome(ctx, a, r, ended[tenancy.Organization]{root, tenancy.OrganizationRef(org), nil, replayed, err})
}

// first is the first of errs that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// zoneExists says whether the machine, or the program, knows a time zone.
func zoneExists(name string) error {
	if _, err := time.LoadLocation(name); err != nil {
		return &tenancy.FieldError{Field: "time_zone", Rule: "an IANA time zone name of at most 64 bytes"}
	}
	return nil
}

// orgIDOf is the id of the organization that an operation creates.
func orgIDOf(op store.OperationID) tenancy.OrgID {
	sum := sha256.Sum256([]byte("tenet/org/v1" + op))
	return tenancy.OrgID(tenancy.PrefixOrg + ulid.ULID(sum[:16]).String())
}

func (t *Tenet) newMember(w *work, org tenancy.OrgID, n NewMember) tenancy.Member {
	return tenancy.Member{
		Org: org, User: n.User, Membership: tenancy.MembershipID(t.mint(tenancy.PrefixMembership)),
		Name: n.Name, Email: n.Email, Joined: tenancy.Instant(w.now),
	}
}

// outcome is what a change gives back: what its rule made of the record, without
// another read that could fail, or after a repetition the record as it is now, for
// who may still see it.
func outcome[T tenancy.Recordable](ctx context.Context, a Actor, r request, c ended[T]) (T, error) {
	var none T
	if c.err != nil {
		return none, c.err
	}
	if !c.replayed {
		return c.made, nil
	}
	var now store.Stored[T]
	err := a.check(ctx, r, func(w *work) error {
		if c.sees != nil && !c.sees(w) {
			return ErrNotFound
		}
		if now = read(w, c.ref); now.Absent() {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return none, err
	}
	return now.Value, nil
}

// ended is how a change of one record ended.
type ended[T tenancy.Recordable] struct {
	made     T
	ref      tenancy.RefTo[T]
	sees     func(w *work) bool // whether the actor may see the record; nil for the operator
	replayed bool
	err      error
}

// AddMember puts a person on a roster without an invite. Where they are on it
// already nothing changes but that RoleOwner makes them an owner.
func (o Operator) AddMember(ctx context.Context, org tenancy.OrgID, n NewMember) (tenancy.Member, error) {
	a := o.actor
	if n.Role == "" {
		n.Role = tenancy.RoleMember
	}
	r := a.ask(org, "member.add", tenancy.KindMember, string(n.User), n)
	var m tenancy.Member
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		root, err := rootOf(w, org)
		if err != nil {
			return err
		}
		m = a.t.newMember(w, org, n)
		if err := m.Validate(); err != nil {
			return err
		}
		if err := w.subject(m.Ref(), ""); err != nil {
			return err
		}
		is := read(w, tenancy.MemberRef(org, n.User))
		if is.Absent() {
			w.save(m)
		} else {
			m = is.Value
		}
		return join(w, root, m, n.Role)
	})
	return outcome(ctx, a, r, ended[tenancy.Member]{m, tenancy.MemberRef(org, n.User), nil, replayed, err})
}

// join gives somebody who is on the roster the role that they were added with, which
// never lowers the one that they have.
func join(w *work, root tenancy.Organization, m tenancy.Member, role tenancy.Role) error {
	if role == tenancy.RoleMember {
		return nil
	}
	next, err := root.SetRole(m, role)
	if err == nil && !root.Owns(m.User) {
		w.save(next)
	}
	return err
}

// rootOf reads the root record of an organization that exists and is not closed.
func rootOf(w *work, org tenancy.OrgID) (tenancy.Organization, error) {
	if _, err := tenancy.ParseOrgID(string(org)); err != nil {
		return tenancy.Organization{}, ErrNotFound
	}
	root := read(w, tenancy.OrganizationRef(org))
	if root.Absent() || !root.Value.Closed.IsZero() {
		return root.Value, ErrNotFound
	}
	return root.Value, nil
}

// SetSubscription sets what an organization is granted. What projects have turned
// on stays turned on: a model that leaves the plan is refused from now on, and
// comes back with it.
func (o Operator) SetSubscription(ctx context.Context, s tenancy.Subscription) error {
	a := o.actor
	r := a.ask(s.Org, "subscription.set", tenancy.KindSubscription, string(s.Org), s)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		if _, err := rootOf(w, s.Org); err != nil {
			return err
		}
		if err := s.Validate(); err != nil {
			return err
		}
		if err := w.subject(s.Ref(), ""); err != nil {
			return err
		}
		w.save(s)
		return nil
	})
	return err
}

// Suspend refuses every key of an organization until [Operator.Resume]; nothing
// else changes.
func (o Operator) Suspend(ctx context.Context, org tenancy.OrgID) error {
	return o.changeRoot(ctx, org, "organization.suspend", func(w *work, root tenancy.Organization) tenancy.Organization {
		return root.Suspend(w.now)
	})
}

// Resume ends a suspension.
func (o Operator) Resume(ctx context.Context, org tenancy.OrgID) error {
	return o.changeRoot(ctx, org, "organization.resume", func(_ *work, root tenancy.Organization) tenancy.Organization {
		return root.Resume()
	})
}

// CloseOrganization turns an organization off for good. Its records stay, and
// nobody may do anything in it.
func (o Operator) CloseOrganization(ctx context.Context, org tenancy.OrgID) error {
	return o.changeRoot(ctx, org, "organization.close", func(w *work, root tenancy.Organization) tenancy.Organization {
		return root.Close(w.now)
	})
}

func (o Operator) changeRoot(ctx context.Context, org tenancy.OrgID, action store.Action, next func(*work, tenancy.Organization) tenancy.Organization) error {
	a := o.actor
	_, _, err := a.t.change(ctx, a.ask(org, action, tenancy.KindOrganization, string(org), nil), func(w *work) error {
		root, err := rootOf(w, org)
		if err != nil {
			return err
		}
		if err := w.subject(root.Ref(), ""); err != nil {
			return err
		}
		if after := next(w, root); after.Suspended != root.Suspended || after.Closed != root.Closed {
			w.save(after)
		}
		return nil
	})
	return err
}

// PutModel puts a model, or an alias of one, into the catalogue, or changes it. An
// alias names a model that is there and is no alias, and neither ever turns into
// the other. Created is set by the first put. Putting what is there already changes
// nothing.
func (o Operator) PutModel(ctx context.Context, m tenancy.Model) error {
	a := o.actor
	m.ID = tenancy.ModelID(strings.Clone(string(m.ID)))
	_, _, err := a.t.change(ctx, a.ask("", "model.put", tenancy.KindModel, string(m.ID), m), func(w *work) error {
		if err := m.Validate(); err != nil {
			return err
		}
		if err := w.subject(m.Ref(), ""); err != nil {
			return err
		}
		before := read(w, tenancy.ModelRef(m.ID))
		next, err := m.Replace(before.Value, w.now)
		if err != nil {
			return err
		}
		if m.Alias != "" {
			if err := m.MayStandFor(read(w, tenancy.ModelRef(m.Alias)).Value); err != nil {
				return err
			}
		}
		if !before.Absent() && sameRecord(before.Value, next) {
			return nil
		}
		w.save(next)
		return nil
	})
	return err
}

func sameRecord(a, b tenancy.Entity) bool {
	x, errX := store.Marshal(a)
	y, errY := store.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
