package tenet

import (
	"context"
	"crypto/sha256"
	"iter"
	"time"

	"github.com/oklog/ulid/v2"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

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
	minted := a.opts.Op == ""
	if minted {
		a.opts.Op = store.OperationID(a.t.mint("op_"))
	}
	org := orgIDOf(a.opts.Op)
	r := a.ask(org, "organization.create", tenancy.KindOrganization, "", n)
	r.minted = minted
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
		if err := first(m.Validate(), root.Validate(), zoneExists(root.TimeZone), plan.Validate()); err != nil {
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

// rootOf reads the root record of an organization that exists and is not closed.
func rootOf(w *work, org tenancy.OrgID) (tenancy.Organization, error) {
	root, err := anyRoot(w, org)
	if err == nil && !root.Closed.IsZero() {
		err = ErrNotFound
	}
	return root, err
}

// anyRoot is rootOf with closed ones included.
func anyRoot(w *work, org tenancy.OrgID) (tenancy.Organization, error) {
	if _, err := tenancy.ParseOrgID(string(org)); err != nil {
		return tenancy.Organization{}, ErrNotFound
	}
	root := read(w, tenancy.OrganizationRef(org))
	if root.Absent() {
		return root.Value, ErrNotFound
	}
	return root.Value, nil
}

// Organizations yields every organization with its revision, closed ones included, by
// id. It stops after the first error, which it yields with the zero Stored.
func (o Operator) Organizations(ctx context.Context) iter.Seq2[store.Stored[tenancy.Organization], error] {
	r := o.actor.ask("", "organization.list", tenancy.KindOrganization, "", nil)
	return everyOne(ctx, o.actor.t, r, store.AllOf[tenancy.Organization]())
}

// everyOne yields a whole listing, for whoever may see it.
func everyOne[T tenancy.Recordable](ctx context.Context, t *Tenet, r request, l store.ListOf[T]) iter.Seq2[store.Stored[T], error] {
	return func(yield func(store.Stored[T], error) bool) {
		if err := first(t.open(), hasContext(ctx)); err != nil {
			yield(store.Stored[T]{}, r.wrap(err))
			return
		}
		for v, err := range store.Walk(ctx, t.st, l) {
			if !yield(v, r.wrap(err)) {
				return
			}
		}
	}
}

// Settings returns an organization's settings, of a closed one too. Once that was swept
// its subscription is absent.
func (o Operator) Settings(ctx context.Context, org tenancy.OrgID) (set Settings, err error) {
	a := o.actor
	err = a.check(ctx, a.ask(org, "organization.settings", tenancy.KindOrganization, string(org), nil), func(w *work) error {
		if _, err := anyRoot(w, org); err != nil {
			return err
		}
		set = settingsOf(w, org)
		return nil
	})
	return set, err
}

// SetSubscription sets what an organization is granted. What projects have turned
// on stays turned on: a model that leaves the plan is refused from now on, and
// comes back with it. Setting what is set already changes nothing.
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
		if is := read(w, tenancy.SubscriptionRef(s.Org)); is.Absent() || !sameRecord(is.Value, s) {
			w.save(s)
		}
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
