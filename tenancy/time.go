package tenancy

import "time"

// Instant returns t as records hold it: UTC, whole microseconds, no monotonic
// reading. The zero time stays zero.
func Instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// checkTime allows the zero time and whole microseconds of the years 1970 to
// 9999 in UTC: what an int64 of microseconds and every text form can hold.
func checkTime(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	if y := t.Year(); t != Instant(t) || y < 1970 || y > 9999 {
		return invalid(field, "UTC, in whole microseconds, between the years 1970 and 9999")
	}
	return nil
}
