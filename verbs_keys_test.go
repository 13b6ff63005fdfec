package tenet_test

import (
	"context"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func keyVerbs() []verb {
	return []verb{
		{name: "RenameKey/service", may: "++ff---", why: "owners", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.RenameKey(ctx, on.org, on.service, "renamed"))
		}},
		{name: "RenameKey/personal", may: "+++f---", why: "its holder, and owners", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.RenameKey(ctx, on.org, on.mems, "renamed"))
		}},
		{name: "RestrictKey/service", may: "++ff---", why: "owners", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.RestrictKey(ctx, on.org, on.service, tenancy.Models("small")))
		}},
		{name: "RestrictKey/personal", may: "+++f---", why: "its holder, and owners", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.RestrictKey(ctx, on.org, on.mems, tenancy.Models("small")))
		}},
		{name: "RotateKey/service", may: "++ff---", why: "owners", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return third(a.RotateKey(ctx, on.org, on.service, keys.Rotation{Replace: true}))
		}},
		{name: "RotateKey/personal", may: "ff+f---", why: "its holder, and nobody else ever: a secret is not for others to see", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return third(a.RotateKey(ctx, on.org, on.mems, keys.Rotation{Replace: true}))
		}},
		{name: "Key/service", may: "++++---", why: "as keys are listed", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Key(ctx, on.org, on.service))
		}},
		{name: "Key/personal", may: "++++---", why: "as keys are listed", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Key(ctx, on.org, on.mems))
		}},
		{name: "OwnKeys", may: "+++++--", org: true, why: "an empty list is an answer to the roster", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return drain(a.OwnKeys(ctx, on.org))
		}},
	}
}
