package store

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"slices"

	"example.com/tenet/tenancy"
)

// exportVersion is of the form that Export writes.
const exportVersion = 1

// exportLine is one line of an export: its head, a record or one that is gone, or
// its end. Later lines about a record hold.
type exportLine struct {
	Export int             `json:"tenetExport,omitempty"` // the head: exportVersion
	Kind   string          `json:"kind,omitempty"`
	Record json.RawMessage `json:"record,omitempty"` // as Marshal makes it
	Gone   *goneRef        `json:"gone,omitempty"`
	End    *int            `json:"end,omitempty"` // how many lines stand between head and end
}

type goneRef struct {
	Org  tenancy.OrgID  `json:"org,omitempty"`
	ID   string         `json:"id,omitempty"`
	User tenancy.UserID `json:"user,omitempty"`
}

// Export writes every record of s to w, as lines of JSON that [Import] reads into
// any backend: to move from one to another, and for a backup where s is no
// [Backuper]. The records are of one moment; it takes several looks at a store that
// is written meanwhile, and ends with the context's error where that never rests.
// The log, operation ids and usage are not in it.
//
// It holds digests of keys, names and e-mail addresses: guard it like the store.
// Its errors are those of s and of w.
func Export(ctx context.Context, s Store, w io.Writer) error {
	if ctx == nil || s == nil || w == nil {
		return ErrInvalid
	}
	now, err := s.Changes(ctx, "", 1)
	if err != nil {
		return err
	}
	x := exporter{to: bufio.NewWriter(w)}
	x.write(exportLine{Export: exportVersion})
	for _, k := range tenancy.Kinds() {
		x.listing(ctx, s, Query{Listing: All, Kind: k})
	}
	for after, rested := now.Next, false; !rested && x.err == nil; {
		after, rested = x.since(ctx, s, after)
	}
	n := x.lines - 1
	x.write(exportLine{End: &n})
	if x.err == nil {
		x.err = x.to.Flush()
	}
	return x.err
}

// exporter writes lines until the first error.
type exporter struct {
	to    *bufio.Writer
	lines int
	err   error
}

func (x *exporter) write(l exportLine) {
	if x.err != nil {
		return
	}
	text, err := json.Marshal(l)
	if err == nil {
		_, err = x.to.Write(append(text, '\n'))
	}
	x.lines++
	x.err = err
}

func (x *exporter) record(v tenancy.Entity) {
	form, err := Marshal(v)
	if err != nil && x.err == nil {
		x.err = err
	}
	x.write(exportLine{Kind: v.Ref().Kind.String(), Record: form})
}

func (x *exporter) listing(ctx context.Context, s Store, q Query) {
	for x.err == nil {
		page, err := s.List(ctx, q)
		if err != nil {
			x.err = err
			return
		}
		for _, r := range page.Records {
			x.record(r.Value)
		}
		if q.After = page.Next; q.After == "" {
			return
		}
	}
}

// since writes again what the entries after a cursor wrote. It has rested where
// there are none: what was written before is then of this moment.
func (x *exporter) since(ctx context.Context, s Store, after Cursor) (next Cursor, rested bool) {
	feed, err := s.Changes(ctx, after, MaxPage)
	if err != nil {
		x.err = err
		return after, false
	}
	seen := map[tenancy.Ref]bool{}
	var refs []tenancy.Ref
	for _, e := range feed.Entries {
		for _, r := range e.Refs {
			if !seen[r] {
				seen[r], refs = true, append(refs, r)
			}
		}
	}
	for some := range slices.Chunk(refs, MaxRefs) {
		x.again(ctx, s, some)
	}
	return feed.Next, len(feed.Entries) == 0 && !feed.More
}

func (x *exporter) again(ctx context.Context, s Store, refs []tenancy.Ref) {
	rs, err := s.Get(ctx, refs...)
	if err != nil {
		x.err = err
		return
	}
	for i, r := range rs {
		if r.Rev == 0 {
			ref := refs[i]
			x.write(exportLine{Kind: ref.Kind.String(), Gone: &goneRef{ref.Org, ref.ID, ref.User}})
			continue
		}
		x.record(r.Value)
	}
}
