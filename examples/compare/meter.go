package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"

	"example.com/tenet/store/sqlitefile"
)

const (
	streams     = 8    // at once
	streamTurns = 2    // of each, in a round
	events      = 1000 // of a long stream
	firstBytes  = 200  // short streams, in a round
)

// metered measures a streaming proxy with Handler in front of it against the proxy
// alone. The calls are recorded in a file, durably.
func metered(ctx context.Context, r *report, o options) error {
	st, err := sqlitefile.Open(ctx, filepath.Join(o.sub("meter"), "tenet.db"))
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // the file is removed
	w, err := filled(ctx, st, keysAProject, 64)
	if err != nil {
		return err
	}
	t, err := opened(ctx, w, st)
	if err != nil {
		return err
	}
	up := &upstream{}
	server := httptest.NewServer(up)
	defer server.Close()
	proxy, err := proxyTo(server.URL)
	if err != nil {
		return errors.Join(err, t.Close())
	}
	bare, with := httptest.NewServer(proxy), httptest.NewServer(t.Handler(proxy))
	defer bare.Close()
	defer with.Close()
	allowed := w.queries[slices.IndexFunc(w.queries, func(q query) bool { return q.want })]
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams}} // a connection for every stream
	m := meters{r: r, o: o, ctx: ctx, bare: caller{bare.URL, allowed, up, client}, with: caller{with.URL, allowed, up, client}}
	if err = m.throughput(); err == nil {
		err = m.firstByte()
	}
	if err == nil && t.Stats().Written == 0 {
		err = errors.New("no call was recorded")
	}
	return errors.Join(err, t.Close())
}

// meters measures one pair of servers.
type meters struct {
	r          *report
	o          options
	ctx        context.Context
	bare, with caller
}

// throughput is of many long streams at once, and the processors are busy throughout.
// The goal is for events that go one by one; those that come faster than they are taken
// go many together, which costs a proxy little and the meter as much.
func (m meters) throughput() error {
	took, err := interleave(m.o.rounds, m.busy(m.with, true), m.busy(m.bare, true), m.busy(m.with, false), m.busy(m.bare, false))
	if err != nil {
		return err
	}
	single, flood := took[0].over(took[1]), took[2].over(took[3])
	t := m.r.table(fmt.Sprintf("Streaming proxy, %d streams of %d events at once", streams, m.o.times(events)), "who", "events/s", "time to bare")
	t.add("with Handler, event by event", took[0].perSecond().String(), single.String())
	t.add("proxy alone, event by event", took[1].perSecond().String(), "1")
	t.add("with Handler, flat out", took[2].perSecond().String(), flood.String())
	t.add("proxy alone, flat out", took[3].perSecond().String(), "1")
	m.r.rounds("meter_vs_bare", single, atMost(1.02))
	return nil
}

func (m meters) busy(c caller, gated bool) subject {
	n := m.o.times(events)
	return subject{name: c.base, ops: streams * streamTurns * n, run: func() error {
		var wg sync.WaitGroup
		errs := make([]error, streams)
		for i := range errs {
			wg.Go(func() {
				for range streamTurns {
					if _, err := c.stream(m.ctx, n, gated); err != nil {
						errs[i] = err
						return
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	}}
}

// firstByte compares single short streams, one with and one without in turn. What is to
// be told from noise is the difference of the medians, and the noise is how far the
// middle half of those without lies apart.
func (m meters) firstByte() error {
	var rounds, apart, with, bare []float64
	for range m.o.rounds {
		w, b, err := m.pairs()
		if err != nil {
			return err
		}
		middle := spreadOf(w).Median - spreadOf(b).Median
		apart = append(apart, (b[len(b)*3/4]-b[len(b)/4])/1e3)
		rounds = append(rounds, math.Max(0, middle/1e3)/apart[len(apart)-1])
		with, bare = append(with, spreadOf(w).Median/1e3), append(bare, spreadOf(b).Median/1e3)
	}
	t := m.r.table(fmt.Sprintf("First byte of a stream, median of %d a round", m.o.times(firstBytes)), "who", "µs", "noise µs")
	t.add("with Handler", spreadOf(with).String(), "")
	t.add("proxy alone", spreadOf(bare).String(), spreadOf(apart).String())
	m.r.rounds("first_byte_delay_to_noise", spreadOf(rounds), atMost(1))
	return nil
}

// pairs are the times of one round in nanoseconds, sorted.
func (m meters) pairs() (with, bare []float64, err error) {
	for range m.o.times(firstBytes) {
		w, err := m.with.stream(m.ctx, 1, false)
		if err != nil {
			return nil, nil, err
		}
		b, err := m.bare.stream(m.ctx, 1, false)
		if err != nil {
			return nil, nil, err
		}
		with, bare = append(with, float64(w)), append(bare, float64(b))
	}
	slices.Sort(with)
	slices.Sort(bare)
	return with, bare, nil
}
