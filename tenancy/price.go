package tenancy

import (
	"slices"
	"time"
)

// Unit is what a call is measured and priced in.
type Unit string

// The units, closed. Cached input is part of input, and reasoning part of
// output: subsets, never added to them.
const (
	UnitInput       Unit = "input"        // tokens
	UnitCachedInput Unit = "cached_input" // tokens of input that came from a cache
	UnitOutput      Unit = "output"       // tokens
	UnitReasoning   Unit = "reasoning"    // tokens of output that were reasoning
	UnitImages      Unit = "images"
	UnitSeconds     Unit = "seconds"
	UnitCharacters  Unit = "characters"
	UnitRequests    Unit = "requests"
)

// Units lists every unit in the order in which tables show them. The array is a
// copy.
func Units() [8]Unit {
	return [8]Unit{UnitInput, UnitCachedInput, UnitOutput, UnitReasoning,
		UnitImages, UnitSeconds, UnitCharacters, UnitRequests}
}

// Price is what one of a unit costs in a currency from a date on. A later price
// of the same unit and currency replaces it from its own date.
type Price struct {
	Unit     Unit      `json:"unit"`
	Currency string    `json:"currency"` // ISO 4217
	Nano     int64     `json:"nano"`     // billionths of the currency for one of Unit; 0 is free
	From     time.Time `json:"from"`     // zero: from the beginning
	// OnlyOK says that calls pay this price only where they went well: of any other
	// outcome the unit costs nothing under it, and need not be known. Without it failed
	// calls cost what they consumed.
	OnlyOK bool `json:"only_ok,omitzero"`
}

func checkPrices(ps []Price) error {
	if len(ps) > MaxPrices {
		return invalid("prices", "at most 128")
	}
	known := Units()
	for i, p := range ps {
		if !slices.Contains(known[:], p.Unit) || p.Nano < 0 {
			return invalid("prices", "of a known unit, from 0 nano-units")
		}
		if err := firstError(checkCurrency(p.Currency), checkTime("prices", p.From)); err != nil {
			return err
		}
		same := func(o Price) bool { return o.Unit == p.Unit && o.Currency == p.Currency && o.From.Equal(p.From) }
		if slices.ContainsFunc(ps[:i], same) {
			return invalid("prices", "one for a unit, currency and date")
		}
	}
	return nil
}
