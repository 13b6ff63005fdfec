package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// printAccess opens the gateway's folder, prints who may do what and which key calls
// what, and ends. Reviewed from time to time, or kept under version control, it shows
// what nobody would find by reading records.
func printAccess(ctx context.Context, c config, w io.Writer) error {
	c.listen = "127.0.0.1:0" // beside a gateway that runs
	g, err := start(ctx, c)
	if err != nil {
		return err
	}
	if g.first != nil {
		g.showKeys(w) // which nobody could show again
		fmt.Fprintln(w)
	}
	return errors.Join(g.writeAccess(ctx, w), g.stop())
}

// writeAccess writes the organization's matrix, then one for each project that is in
// use, as its owner sees them.
func (g *gateway) writeAccess(ctx context.Context, w io.Writer) error {
	org, err := g.organization(ctx)
	if err != nil {
		return err
	}
	boss := g.tenet.As(owner)
	people, err := boss.AccessMatrix(ctx, org)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, people)
	for p, err := range boss.VisibleProjects(ctx, org) {
		if err != nil {
			return err
		}
		keys, err := boss.KeyMatrix(ctx, org, p.Value.ID)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, keys)
	}
	return nil
}
