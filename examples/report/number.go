package main

import (
	"strconv"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// count writes a number with a comma at every thousand.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// money writes micro-units, from 0 up, in whole ones to some places, 0 to 6, half up.
func money(micro int64, places int) string {
	unit := int64(1)
	for range 6 - places {
		unit *= 10
	}
	n := strconv.FormatInt((micro+unit/2)/unit, 10)
	for len(n) <= places {
		n = "0" + n
	}
	whole, _ := strconv.ParseInt(n[:len(n)-places], 10, 64)
	if places == 0 {
		return count(whole)
	}
	return count(whole) + "." + n[len(n)-places:]
}

// measured is a measure of sums for a table: ≥ where some calls did not say how much, a
// dash where none did.
func measured(s usage.Sums, m usage.Measure) string {
	amount, counted := s.Of(m)
	text := count(amount)
	if m == usage.MeasureCost {
		text = money(amount, 2)
	}
	switch counted {
	case s.Calls:
		return text
	case 0:
		return "–"
	}
	return "≥ " + text
}

// unit is the measure of a unit of one call, a dash where it is not known.
func unit(u usage.Units, of tenancy.Unit) string {
	if n, ok := u.Get(of); ok {
		return count(n)
	}
	return "–"
}

// share is a part of a whole, in percent to one place.
func share(part, whole int64) string {
	if whole == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + " %"
}
