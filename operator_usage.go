package tenet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Reprice gives the calls of a span the cost that the catalogue gives them now, and the
// roll-ups with them: by the dated prices of the model that served each call, in the
// organization's currency, as [Call.Finish] would have. It returns how many records
// changed. So a price that was entered late or wrong is mended, from the date that it
// holds; where prices did not change nothing does. Closed organizations too are re-priced.
//
// It goes a day of UTC at a time, each whole; broken off, it has changed what it says,
// and is asked again for the rest, under the same operation id or another. The audit trail
// has an entry from before the first change, and one that says how many changed.
//
// It is usage.ErrInvalid for a span that is none or of more than usage.MaxPeriods days,
// and store.ErrPastRetention, with nothing changed, where calls of the span's first day
// were forgotten: those that are left of it keep the cost that they had. Where the usage
// store is no store.Upkeep it is errors.ErrUnsupported. What else a store.Upkeep does,
// Verify, Rebuild and Prune, has no need of Tenet: the program calls it on the store that
// it opened.
func (o Operator) Reprice(ctx context.Context, org tenancy.OrgID, span Span) (changed int, err error) {
	a := o.actor
	span = Span{span.From.UTC(), span.To.UTC()}
	r := a.ask(org, "usage.reprice", tenancy.KindOrganization, string(org), span)
	var root tenancy.Organization
	err = a.check(ctx, r, func(w *work) (err error) {
		root, err = anyRoot(w, org)
		return err
	})
	if err != nil {
		return 0, err
	}
	job, err := a.t.repricing(ctx, root, span)
	if err != nil {
		return 0, r.wrap(err)
	}
	if err := a.t.tell(ctx, r, map[string]any{"span": span.texts()}); err != nil {
		return 0, err
	}
	if changed, err = job.run(ctx, org); err != nil || changed == 0 {
		return changed, r.wrap(err)
	}
	r.opts = ChangeOptions{OnBehalf: r.opts.OnBehalf}
	return changed, a.t.tell(ctx, r, map[string]any{"span": span.texts(), "changed": changed})
}

// repricing is what it takes to re-price a span.
type repricing struct {
	store.Upkeep
	span     Span
	days     []time.Time // the midnights of UTC around it
	currency string
	prices   map[tenancy.ModelID][]tenancy.Price
}

// repricing checks that a span can be re-priced and reads the prices, once what this
// process has yet to write is written.
func (t *Tenet) repricing(ctx context.Context, root tenancy.Organization, span Span) (p repricing, err error) {
	p = repricing{span: span, currency: root.Currency, prices: map[tenancy.ModelID][]tenancy.Price{}}
	if p.days, err = usage.Cuts(span.From, span.To, usage.StepDay, time.UTC); err != nil {
		return p, err
	}
	var ok bool
	if p.Upkeep, ok = t.usage.(store.Upkeep); !ok {
		return p, fmt.Errorf("%w: the usage store has no upkeep", errors.ErrUnsupported)
	}
	if err := first(t.recorder.flush(ctx), t.retains(ctx, p.days[0])); err != nil {
		return p, err
	}
	return p, walk[tenancy.Model](ctx, t.st, func(v tenancy.Entity) {
		if m, ok := v.(tenancy.Model); ok {
			p.prices[m.ID] = m.Prices
		}
	})
}

// run re-prices day by day and says how many records changed.
func (p repricing) run(ctx context.Context, org tenancy.OrgID) (changed int, err error) {
	for i := range p.days[1:] {
		n, err := p.Reprice(ctx, org, p.days[i], p.days[i+1], p.cost)
		if changed += n; err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// cost is what a record costs from now on. Those of the first and the last day that are
// not in the span keep what they have.
func (p repricing) cost(r usage.Record) (usage.Money, error) {
	if r.At.Before(p.span.From) || !r.At.Before(p.span.To) {
		return r.Cost, nil
	}
	return costOf(p.prices[r.Served], p.currency, r), nil
}

// tell leaves an entry about an organization that changes no record.
func (t *Tenet) tell(ctx context.Context, r request, notes map[string]any) error {
	if r.opts.Op == "" {
		r.opts.Op = store.OperationID(t.mint("op_")) // an operation with an id leaves an entry whatever it does
	}
	_, _, err := t.change(ctx, r, func(w *work) error {
		if _, err := anyRoot(w, r.org); err != nil {
			return err
		}
		w.notes = notes
		return w.subject(tenancy.OrganizationRef(r.org).Ref, "")
	})
	return err
}

// texts is the span for the audit trail.
func (s Span) texts() [2]string {
	return [2]string{s.From.Format(time.RFC3339Nano), s.To.Format(time.RFC3339Nano)}
}
