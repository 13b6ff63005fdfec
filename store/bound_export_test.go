package store

import "example.com/tenet/tenancy"

// AtMost is the bound that stands for Size where it is small.
func AtMost(v tenancy.Entity) (int64, error) { return atMost(v) }
