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
	"sync/atomic"
	"time"

	"example.com/tenet/store/sqlitefile"
)

const (
	streams    = 8   // at once
	events     = 500 // of a long stream
	windowTime = 200 * time.Millisecond
	firstBytes = 200 // short streams, in a round
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
	bare, with := httptest.NewServer(alone(proxy)), httptest.NewServer(t.Handler(proxy))
	defer bare.Close()
	defer with.Close()
	allowed := w.queries[slices.IndexFunc(w.queries, func(q query) bool { return q.want })]
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: streams}} // a connection for every stream
	m := meters{r: r, o: o, ctx: ctx, bare: caller{bare.URL, allowed, up, client, nil}, with: caller{with.URL, allowed, up, client, nil}}
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

// alone is the proxy without Handler. The server is told to leave a request's body to
// the proxy, which may be about to find its end when the answer begins; otherwise some
// streams break off.
func alone(proxy http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // every server of HTTP/1 can
		proxy.ServeHTTP(w, r)
	})
}

// throughput is of many long streams at once, and the processors are busy throughout.
// The goal is for events that go one by one; those that come faster than they are taken
// go many together, which costs a proxy little and the meter as much.
func (m meters) throughput() error {
	t := m.r.table(fmt.Sprintf("Streaming proxy, %d streams of %d events at once", streams, events),
		"who", "events/s", "time to bare", "CPU µs an event", "CPU to bare")
	single, err := m.pair(t, "event by event", true, 2*m.o.rounds)
	if err != nil {
		return err
	}
	m.r.rounds("meter_vs_bare", single, atMost(1.02))
	_, err = m.pair(t, "flat out", false, m.o.few)
	return err
}

// pair compares the two servers, in windows of time by turns.
func (m meters) pair(t *table, how string, gated bool, windows int) (spread, error) {
	var with, bare, withCPU, bareCPU series
	for range windows {
		a, aCPU, err := m.window(m.with, gated)
		if err != nil {
			return spread{}, err
		}
		b, bCPU, err := m.window(m.bare, gated)
		if err != nil {
			return spread{}, err
		}
		with, bare, withCPU, bareCPU = append(with, a), append(bare, b), append(withCPU, aCPU/1e3), append(bareCPU, bCPU/1e3)
	}
	s := with.over(bare)
	t.add("with Handler, "+how, with.perSecond().String(), s.String(), figure(spreadOf(withCPU).Median), withCPU.over(bareCPU).String())
	t.add("proxy alone, "+how, bare.perSecond().String(), "1", figure(spreadOf(bareCPU).Median), "1")
	return s, nil
}

// window keeps all streams going and counts the events that come in a while, after
// some that do not count, so that neither beginning nor end is in it. It returns how
// much time an event took, and how much of the processors' time, in nanoseconds.
func (m meters) window(c caller, gated bool) (ns, cpu float64, err error) {
	ctx, stop := context.WithCancel(m.ctx)
	defer stop()
	var seen atomic.Int64
	c.seen = &seen
	errs := make(chan error, streams)
	var done atomic.Bool
	for range streams {
		go func() {
			var err error
			for err == nil && !done.Load() {
				_, err = c.stream(ctx, m.o.times(events), gated)
			}
			errs <- err
		}()
	}
	time.Sleep(windowTime / 8)
	began, count, used := time.Now(), seen.Load(), processor()
	time.Sleep(windowTime)
	took, n, busy := time.Since(began), seen.Load()-count, processor()-used
	done.Store(true)
	for range streams {
		err = errors.Join(err, <-errs)
	}
	if err == nil && n == 0 {
		err = errors.New("nothing came")
	}
	return float64(took) / float64(n), float64(busy) / float64(n), err
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

// pairs are the times of one round in nanoseconds, sorted. Who comes first changes from
// pair to pair, since each finds the machine as the one before left it.
func (m meters) pairs() (with, bare []float64, err error) {
	one, two := m.with, m.bare
	first, second := &with, &bare
	for range m.o.times(firstBytes) {
		a, err := one.stream(m.ctx, 1, false)
		if err != nil {
			return nil, nil, err
		}
		b, err := two.stream(m.ctx, 1, false)
		if err != nil {
			return nil, nil, err
		}
		*first, *second = append(*first, float64(a)), append(*second, float64(b))
		one, two, first, second = two, one, second, first
	}
	slices.Sort(with)
	slices.Sort(bare)
	return with, bare, nil
}
