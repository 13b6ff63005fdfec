package tenet_test

import (
	"context"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

func organizationVerbs() []verb {
	return []verb{
		{name: "RenameOrganization", may: "+ffff--", org: true, why: "owners alone change settings", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.RenameOrganization(ctx, on.org, "Acme & Co"))
		}},
		{name: "SetBranding", may: "+ffff--", org: true, why: "owners alone change settings", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.SetBranding(ctx, on.org, tenancy.Branding{Accent: "#aabbcc"}))
		}},
		{name: "SetTimeZone", may: "+ffff--", org: true, why: "owners alone change settings", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.SetTimeZone(ctx, on.org, "Asia/Kathmandu"))
		}},
	}
}
