package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const (
	callers = 64
	calls   = 100 // of each caller, in a round
	singles = 500 // records of one transaction each
	syncs   = 200
)

// group measures Finish, which returns when the record is durable, for many callers at
// once, against a transaction for each record.
func group(ctx context.Context, r *report, o options) error {
	dir := o.sub("group")
	st, err := sqlitefile.Open(ctx, filepath.Join(dir, "tenet.db"))
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // the file is removed
	w, err := filled(ctx, st, keysAProject, 4*callers)
	if err != nil {
		return err
	}
	t, err := opened(ctx, w, st)
	if err != nil {
		return err
	}
	crowd, err := crowdOf(ctx, w, t, o.times(calls))
	if err == nil {
		err = compareGroup(ctx, r, o, st, crowd, filepath.Join(dir, "block"))
	}
	return errors.Join(err, t.Close())
}

// compareGroup measures the crowd beside single records and the disk, on which a file
// is made at path.
func compareGroup(ctx context.Context, r *report, o options, st store.Usage, crowd *crowd, path string) error {
	disk, err := newDisk(path)
	if err != nil {
		return err
	}
	defer disk.Close() //nolint:errcheck // the file is removed
	single := newTraffic(time.Now().Add(-time.Hour), time.Millisecond)
	took, err := interleave(o.rounds,
		subject{"64 callers, Finish", callers * crowd.each, crowd.run},
		subject{"one record a transaction", o.times(singles), func() error {
			for range o.times(singles) {
				if err := st.Append(ctx, single.next(1)); err != nil {
					return err
				}
			}
			return nil
		}},
		subject{"fdatasync of 4 KiB", syncs, disk.run})
	if err != nil {
		return err
	}
	show := r.table("Durable records of many callers", "who", "records/s", "ratio", "p50 ms", "p99 ms")
	speedup, slow := took[1].over(took[0]), crowd.p99.over(disk.p50)
	show.add(fmt.Sprintf("%d callers, Finish", callers), took[0].perSecond().String(), speedup.String(), ms(crowd.p50), ms(crowd.p99))
	show.add("one record a transaction", took[1].perSecond().String(), "1", "", "")
	show.add("fdatasync of 4 KiB", took[2].perSecond().String(), "", ms(disk.p50), ms(disk.p99))
	r.rounds("group_commit_vs_single", speedup, atLeast(10))
	r.rounds("finish_p99_vs_fdatasync", slow, atMost(20))
	return nil
}

// ms shows the median of some rounds in milliseconds.
func ms(a series) string { return figure(spreadOf(a).Median / 1e6) }

// crowd are callers of models, each with a key.
type crowd struct {
	ctx        context.Context
	t          *tenet.Tenet
	principals []tenet.Principal
	models     []tenancy.ModelID
	each       int    // calls of a caller in a round
	p50, p99   series // of Finish, by round
}

// crowdOf takes the callers from queries that are allowed.
func crowdOf(ctx context.Context, w *world, t *tenet.Tenet, each int) (*crowd, error) {
	c := &crowd{ctx: ctx, t: t, each: each}
	for _, q := range w.queries {
		if q.want && len(c.principals) < callers {
			p, d := t.Authenticate(ctx, q.token)
			if !d.Allowed() {
				return nil, fmt.Errorf("a key that may call is refused: %v", d.Reason)
			}
			c.principals, c.models = append(c.principals, p), append(c.models, q.model)
		}
	}
	return c, nil
}

func (c *crowd) run() error {
	waited := make([][]float64, len(c.principals))
	errs := make([]error, len(c.principals))
	var wg sync.WaitGroup
	for i := range c.principals {
		wg.Go(func() {
			for range c.each {
				ns, err := c.call(i)
				if err != nil {
					errs[i] = err
					return
				}
				waited[i] = append(waited[i], ns)
			}
		})
	}
	wg.Wait()
	all := slices.Sorted(slices.Values(slices.Concat(waited...)))
	if len(all) > 0 {
		c.p50, c.p99 = append(c.p50, all[len(all)/2]), append(c.p99, all[len(all)*99/100])
	}
	return errors.Join(errs...)
}

// call makes one call and returns how long Finish took.
func (c *crowd) call(i int) (float64, error) {
	call, d := c.t.Begin(c.ctx, c.principals[i], c.models[i], tenet.Estimate{})
	if !d.Allowed() {
		return 0, fmt.Errorf("a call that may be made is refused: %v", d.Reason)
	}
	units := usage.Units{}.With(tenancy.UnitInput, 812).With(tenancy.UnitOutput, 97)
	began := time.Now()
	err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: units})
	return float64(time.Since(began).Nanoseconds()), err
}

// disk writes a block of a file again and again, and makes each durable.
type disk struct {
	*os.File
	p50, p99 series
}

func newDisk(path string) (*disk, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &disk{File: f}, nil
}

func (d *disk) run() error {
	block := make([]byte, 4096)
	took := make([]float64, syncs)
	for i := range took {
		if _, err := d.WriteAt(block, 0); err != nil {
			return err
		}
		began := time.Now()
		if err := datasync(d.File); err != nil {
			return err
		}
		took[i] = float64(time.Since(began).Nanoseconds())
	}
	slices.Sort(took)
	d.p50, d.p99 = append(d.p50, took[syncs/2]), append(d.p99, took[syncs*99/100])
	return nil
}
