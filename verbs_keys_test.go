package tenet_test

import (
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func keyVerbs() []verb {
	return []verb{
		{name: "RenameKey/service", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.service, "renamed"} }},
		{name: "RenameKey/personal", may: "+++f---", why: "its holder, and owners", alike: true, args: func(on grounds) []any { return []any{on.org, on.mems, "renamed"} }},
		{name: "RestrictKey/service", may: "++ff---", why: "owners", args: func(on grounds) []any {
			return []any{on.org, on.service, tenancy.Models("gpt-4o")}
		}},
		{name: "RestrictKey/personal", may: "+++f---", why: "its holder, and owners", alike: true, args: func(on grounds) []any {
			return []any{on.org, on.mems, tenancy.Models("small")}
		}},
		{name: "RotateKey/service", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.service, keys.Rotation{Replace: true}} }},
		{name: "RotateKey/personal", may: "ff+f---", why: "its holder, and nobody else ever: a secret is not for others to see", alike: true, args: func(on grounds) []any {
			return []any{on.org, on.mems, keys.Rotation{Replace: true}}
		}},
		{name: "Key/service", may: "++++---", why: "as keys are listed", args: func(on grounds) []any { return []any{on.org, on.service} }},
		{name: "Key/personal", may: "++++---", why: "as keys are listed", alike: true, args: func(on grounds) []any { return []any{on.org, on.mems} }},
		{name: "OwnKeys", may: "+++++--", org: true, why: "an empty list is an answer to the roster", args: orgOnly},
	}
}
