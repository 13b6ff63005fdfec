package tenet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// What [TestModel] found, each as the shortest case.

// What is so already is no change: setting the plan that is set leaves no entry.
func TestTheSamePlanIsNoChange(t *testing.T) {
	w := newWorld(t, memory.New())
	plan := tenancy.Subscription{Org: w.org, Plan: "max", Models: tenancy.Models("small")}
	mustNot(t, w.Operator("ops").SetSubscription(t.Context(), plan))
	before := len(entries(t, w.st, w.org))
	mustNot(t, w.Operator("ops").SetSubscription(t.Context(), plan))
	if after := len(entries(t, w.st, w.org)); after != before {
		t.Errorf("%d entries more", after-before)
	}
}

// A key of another system that an organization had which was swept, and that another has
// since, stays that one's when the first import is repeated.
func TestRepeatedImportLeavesAnothersKey(t *testing.T) {
	w := newTownOver(t, memory.New(), func(o *tenet.Options) {
		o.Imports = &tenet.ImportOptions{Scheme: keys.SHA256Hex, Until: time.Now().Add(time.Hour)}
	})
	ctx, ops := t.Context(), w.Operator("ops")
	n := tenet.ImportedKey{Name: "old", Kind: tenancy.KeyService, SHA256: sha256Hex("sk-old"), Models: tenancy.AllModels()}
	first := ops.With(tenet.ChangeOptions{Op: "op-1"})
	must[tenancy.Key](t)(first.ImportKey(ctx, w.other, w.shop.ID, n))
	mustNot(t, ops.CloseOrganization(ctx, w.other))
	must[int](t)(ops.Sweep(ctx, w.other))
	must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, n))
	p, d := w.Authenticate(ctx, "sk-old")
	if !d.Allowed() {
		t.Fatalf("Authenticate = %+v", d)
	}
	if _, err := first.ImportKey(ctx, w.other, w.shop.ID, n); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("the first import repeated: %v, want ErrNotFound", err)
	}
	if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Allow {
		t.Errorf("the other organization's key: %+v", d)
	}
}

// sha256Hex is what another system stores of a token.
func sha256Hex(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
