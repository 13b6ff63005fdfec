package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
)

// tester drives a gateway over HTTP and keeps the score.
type tester struct {
	g              *gateway
	passed, failed int
}

// selftest starts a gateway on a free port with a temporary folder and drives the
// whole story over HTTP. It prints a line a check and fails if one of them does.
func selftest(ctx context.Context, c config) error {
	dir, err := os.MkdirTemp("", "tenet-gateway")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := &outage{}
	c = config{listen: "127.0.0.1:0", data: filepath.Join(dir, "data"), wrap: out.wrap}
	c.options.MaxStaleness = 2 * time.Second
	t := &tester{}
	if t.g, err = start(ctx, c); err != nil {
		return err
	}
	first := t.g.first
	t.run(first, out)
	if err := t.restart(ctx, c, first); err != nil {
		return err
	}
	fmt.Printf("%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 {
		return errors.New("selftest failed")
	}
	return nil
}

func (t *tester) run(f *firstStart, out *outage) {
	t.calls(f)
	t.streams(f)
	t.credentials(f)
	t.routes(f)
	t.bodies(f)
	t.models(f)
	t.people(f)
	t.lifecycle(f)
	t.reports()
	t.outage(f, out)
}

// check prints a line and counts it. what says what should be, got what was.
func (t *tester) check(what string, ok bool, got any) {
	if ok {
		t.passed++
		fmt.Println("ok    ", what)
		return
	}
	t.failed++
	fmt.Printf("FAILED %s: got %v\n", what, got)
}

// restart stops the gateway and starts it again on the same folder.
func (t *tester) restart(ctx context.Context, c config, f *firstStart) error {
	before := t.total("/console/usage")
	t.check("stopping writes everything and leaves nothing running", t.g.stop() == nil, "an error")
	var err error
	if t.g, err = start(ctx, c); err != nil {
		return err
	}
	t.check("a second start makes nothing anew", t.g.first == nil, "another organization")
	t.check("after a restart the key still works", t.chat(f.prodKey.Reveal(), modelSmall, "Hello").status == http.StatusOK, "a refusal")
	t.check("after a restart usage is kept", t.total("/console/usage").Calls == before.Calls+1, t.total("/console/usage"))
	info, err := os.Stat(filepath.Join(c.data, "pepper"))
	t.check("the pepper's file is for its owner alone", err == nil && info.Mode().Perm() == 0o600, info)
	return t.g.stop()
}

// outage stands between Tenet and the store, and makes the store silent.
type outage struct {
	store.Store
	on atomic.Bool
}

func (o *outage) wrap(s store.Store) store.Store {
	o.Store = s
	return o
}

func (o *outage) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	if o.on.Load() {
		return store.Feed{}, store.ErrUnavailable
	}
	return o.Store.Changes(ctx, after, limit)
}
