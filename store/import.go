package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"example.com/tenet/tenancy"
)

// Import puts what [Export] wrote into s, over records of the same Ref, and leaves
// all others. Its commits have the action "store.import", no actor, and at as their
// time, which cannot be zero. Revisions are those of s, so what a page has saved
// of the old store means nothing there. Nothing is known of the commits before one
// that failed: run it again, from the start, as often as need be.
//
// An export that is malformed, of a later version or cut off is ErrCorrupt; what stood
// before the fault may have been put. ErrConflict is for a key or invite whose id
// another organization of s has, and where somebody else writes to s. Other errors are
// those of s and of r.
func Import(ctx context.Context, s Store, r io.Reader, at time.Time) error {
	if ctx == nil || s == nil || r == nil {
		return ErrInvalid
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 8*MaxRecord) // a byte of a record may become six
	im := importer{to: s, at: tenancy.Instant(at), value: map[tenancy.Ref]tenancy.Entity{}, late: map[tenancy.Ref]tenancy.Entity{}}
	var end *int
	n := -1 // the head is not counted
	for ; lines.Scan(); n++ {
		var l exportLine
		if json.Unmarshal(lines.Bytes(), &l) != nil || (n < 0) != (l.Export == exportVersion) {
			return fmt.Errorf("%w: line %d of the export", ErrCorrupt, n+2)
		}
		if end = l.End; n < 0 || end != nil {
			continue
		}
		if err := im.take(ctx, l); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%w: line %d of the export is too long", ErrCorrupt, n+2)
	case err != nil:
		return err
	}
	if end == nil || *end != n-1 {
		return fmt.Errorf("%w: the export is cut off", ErrCorrupt)
	}
	return im.finish(ctx)
}

// importer gathers lines of one organization, each record once, into batches.
type importer struct {
	to    Store
	at    time.Time
	refs  []tenancy.Ref
	value map[tenancy.Ref]tenancy.Entity // nil for one that is gone
	// late is what conflicted: a key whose id an earlier line left with another
	// organization, until a later line takes it away there.
	late map[tenancy.Ref]tenancy.Entity
}

func (im *importer) take(ctx context.Context, l exportLine) error {
	ref, v, err := l.content()
	if err != nil {
		return err
	}
	delete(im.late, ref)
	return im.add(ctx, ref, v)
}

// finish commits the rest, and again what was late.
func (im *importer) finish(ctx context.Context) error {
	if err := im.flush(ctx); err != nil {
		return err
	}
	late := im.late
	im.late = nil
	for _, ref := range slices.SortedFunc(maps.Keys(late), CompareRefs) {
		if err := im.add(ctx, ref, late[ref]); err != nil {
			return err
		}
	}
	return im.flush(ctx)
}

func (im *importer) add(ctx context.Context, ref tenancy.Ref, v tenancy.Entity) error {
	_, twice := im.value[ref]
	if twice || len(im.refs) == MaxBatch || len(im.refs) > 0 && im.refs[0].Org != ref.Org {
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	im.refs, im.value[ref] = append(im.refs, ref), v
	return nil
}

// content is the ref of a line, and its record unless that is gone.
func (l exportLine) content() (tenancy.Ref, tenancy.Entity, error) {
	kind := tenancy.ParseKind(l.Kind)
	if l.Gone != nil {
		ref := tenancy.Ref{Kind: kind, Org: l.Gone.Org, ID: l.Gone.ID, User: l.Gone.User}
		if ValidateRef(ref) != nil {
			return ref, nil, fmt.Errorf("%w: ref in the export", ErrCorrupt)
		}
		return ref, nil, nil
	}
	v, err := Unmarshal(kind, l.Record)
	if err != nil {
		return tenancy.Ref{}, nil, err
	}
	return v.Ref(), v, nil
}

// flush commits what was gathered, over the revisions that are there.
func (im *importer) flush(ctx context.Context) error {
	if len(im.refs) == 0 {
		return nil
	}
	there, err := im.to.Get(ctx, im.refs...)
	if err != nil {
		return err
	}
	b := Batch{Entry: Entry{Org: im.refs[0].Org, Op: OperationID(rand.Text()), Action: "store.import", At: im.at}}
	for i, ref := range im.refs {
		switch v := im.value[ref]; {
		case v != nil:
			b.Put = append(b.Put, Record{Rev: there[i].Rev, Value: v})
		case there[i].Rev != 0:
			b.Delete = append(b.Delete, Check{Ref: ref, Rev: there[i].Rev})
		}
	}
	_, err = im.to.Commit(ctx, b)
	if errors.Is(err, ErrConflict) && im.late != nil {
		maps.Copy(im.late, im.value)
		err = nil
	}
	im.refs = im.refs[:0]
	clear(im.value)
	return err
}
