package tenet_test

import (
	"example.com/tenet/tenancy"
)

func organizationVerbs() []verb {
	return []verb{
		{name: "RenameOrganization", may: "+ffff--", org: true, why: "owners alone change settings", args: func(on grounds) []any { return []any{on.org, "Acme & Co"} }},
		{name: "SetBranding", may: "+ffff--", org: true, why: "owners alone change settings", args: func(on grounds) []any {
			return []any{on.org, tenancy.Branding{LogoURL: "https://acme.example/logo.svg", Accent: "#aabbcc"}}
		}},
		{name: "SetTimeZone", may: "+ffff--", org: true, why: "owners alone change settings", args: func(on grounds) []any { return []any{on.org, "Asia/Kathmandu"} }},
	}
}
