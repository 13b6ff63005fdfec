package storetest

import "example.com/tenet/tenancy"

// TownKeys is how many keys an organization of the town has.
const TownKeys = townKeys

// TownOrganization is what the o-th organization of the town begins with.
func TownOrganization(o int) []tenancy.Entity { return townFounding(o) }

// TownKey is the i-th key of the o-th organization.
func TownKey(o, i int) tenancy.Key { return townKey(o*townKeys+i, o, projectOfKey(i)) }
