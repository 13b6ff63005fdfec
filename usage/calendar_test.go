package usage_test

import (
	"errors"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones stand still wherever the test runs

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/usage"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestCuts(t *testing.T) {
	for _, c := range []struct {
		name, zone string
		step       usage.Step
		from, to   string
		want       []string // as a clock in the zone shows them
	}{
		{"a plain day", "UTC", usage.StepDay, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z",
			[]string{"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"}},
		{"a day begun and not ended", "Europe/Berlin", usage.StepDay, "2026-03-01T22:59:59Z", "2026-03-01T23:00:01Z",
			[]string{"2026-03-01T00:00:00+01:00", "2026-03-02T00:00:00+01:00", "2026-03-03T00:00:00+01:00"}},
		{"23 hours", "Europe/Berlin", usage.StepDay, "2026-03-29T12:00:00Z", "2026-03-29T13:00:00Z",
			[]string{"2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"}},
		{"25 hours", "Europe/Berlin", usage.StepDay, "2026-10-25T12:00:00Z", "2026-10-25T13:00:00Z",
			[]string{"2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}},
		{"the last of 25 hours", "Europe/Berlin", usage.StepDay, "2026-10-25T22:45:00Z", "2026-10-25T23:00:00Z",
			[]string{"2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}},
		{"+05:30", "Asia/Kolkata", usage.StepDay, "2026-03-01T18:30:00Z", "2026-03-02T18:30:00Z",
			[]string{"2026-03-02T00:00:00+05:30", "2026-03-03T00:00:00+05:30"}},
		{"+05:45", "Asia/Kathmandu", usage.StepDay, "2026-03-01T18:14:59Z", "2026-03-01T18:15:00Z",
			[]string{"2026-03-01T00:00:00+05:45", "2026-03-02T00:00:00+05:45"}},
		{"+12:45 and +13:45", "Pacific/Chatham", usage.StepDay, "2026-04-04T12:00:00Z", "2026-04-05T11:15:00Z",
			[]string{"2026-04-05T00:00:00+13:45", "2026-04-06T00:00:00+12:45"}},
		{"midnight skipped, Sao Paulo", "America/Sao_Paulo", usage.StepDay, "2018-11-03T12:00:00Z", "2018-11-05T01:00:00Z",
			[]string{"2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"}},
		{"the hour before midnight twice, Sao Paulo", "America/Sao_Paulo", usage.StepDay, "2018-02-18T01:30:00Z", "2018-02-18T12:00:00Z",
			[]string{"2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00", "2018-02-19T00:00:00-03:00"}},
		{"midnight skipped, Beirut", "Asia/Beirut", usage.StepDay, "2024-03-30T12:00:00Z", "2024-03-31T12:00:00Z",
			[]string{"2024-03-30T00:00:00+02:00", "2024-03-31T01:00:00+03:00", "2024-04-01T00:00:00+03:00"}},
		{"midnight skipped, Cairo", "Africa/Cairo", usage.StepDay, "2024-04-25T12:00:00Z", "2024-04-26T12:00:00Z",
			[]string{"2024-04-25T00:00:00+02:00", "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"}},
		{"midnight twice, Havana", "America/Havana", usage.StepDay, "2025-11-02T04:30:00Z", "2025-11-02T12:00:00Z",
			[]string{"2025-11-02T00:00:00-04:00", "2025-11-03T00:00:00-05:00"}},
		{"back over midnight at 00:01, the first time", "America/St_Johns", usage.StepDay, "2010-11-07T02:29:00Z", "2010-11-07T02:31:00Z",
			[]string{"2010-11-06T00:00:00-02:30", "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"}},
		{"back over midnight at 00:01, the second time", "America/St_Johns", usage.StepDay, "2010-11-07T03:00:00Z", "2010-11-07T04:00:00Z",
			[]string{"2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"}},
		{"back over midnight at 00:01, a day later", "America/St_Johns", usage.StepDay, "2010-11-08T03:10:00Z", "2010-11-08T03:20:00Z",
			[]string{"2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30"}},
		{"a date that never was, Apia", "Pacific/Apia", usage.StepDay, "2011-12-30T09:00:00Z", "2011-12-30T11:00:00Z",
			[]string{"2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"}},
		{"half an hour, Lord Howe", "Australia/Lord_Howe", usage.StepDay, "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z",
			[]string{"2026-04-05T00:00:00+11:00", "2026-04-06T00:00:00+10:30"}},

		{"an hour that does not exist", "Europe/Berlin", usage.StepHour, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z",
			[]string{"2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
		{"an hour that comes twice", "Europe/Berlin", usage.StepHour, "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z",
			[]string{"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"}},
		{"hours of +05:45", "Asia/Kathmandu", usage.StepHour, "2026-03-01T00:00:00Z", "2026-03-01T00:30:00Z",
			[]string{"2026-03-01T05:00:00+05:45", "2026-03-01T06:00:00+05:45", "2026-03-01T07:00:00+05:45"}},
		{"an hour of 90 minutes, forward", "Australia/Lord_Howe", usage.StepHour, "2026-10-03T15:45:00Z", "2026-10-03T16:00:00Z",
			[]string{"2026-10-04T01:00:00+10:30", "2026-10-04T03:00:00+11:00"}},
		{"an hour of 90 minutes, back", "Australia/Lord_Howe", usage.StepHour, "2026-04-04T15:15:00Z", "2026-04-04T16:00:00Z",
			[]string{"2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30"}},
		{"a full hour after 30 minutes, Caracas", "America/Caracas", usage.StepHour, "2016-05-01T06:45:00Z", "2016-05-01T07:15:00Z",
			[]string{"2016-05-01T02:00:00-04:30", "2016-05-01T03:00:00-04:00", "2016-05-01T04:00:00-04:00"}},

		{"months over a year's end", "America/New_York", usage.StepMonth, "2025-12-31T12:00:00Z", "2026-02-01T05:00:00Z",
			[]string{"2025-12-01T00:00:00-05:00", "2026-01-01T00:00:00-05:00", "2026-02-01T00:00:00-05:00"}},
		{"February of a leap year", "UTC", usage.StepMonth, "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z",
			[]string{"2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"}},
		{"a month with a change in it", "Europe/Berlin", usage.StepMonth, "2026-03-31T21:00:00Z", "2026-03-31T22:00:00Z",
			[]string{"2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"}},
		{"New Year in Chatham", "Pacific/Chatham", usage.StepMonth, "2025-12-31T10:14:59Z", "2025-12-31T10:15:01Z",
			[]string{"2025-12-01T00:00:00+13:45", "2026-01-01T00:00:00+13:45", "2026-02-01T00:00:00+13:45"}},

		{"the last day of a leap year", "America/New_York", usage.StepDay, "2040-12-31T05:00:00Z", "2041-01-01T05:00:00Z",
			[]string{"2040-12-31T00:00:00-05:00", "2041-01-01T00:00:00-05:00"}},
		{"the last hour of a leap year", "America/New_York", usage.StepHour, "2041-01-01T04:59:00Z", "2041-01-01T05:00:00Z",
			[]string{"2040-12-31T23:00:00-05:00", "2041-01-01T00:00:00-05:00"}},
		{"the last month of a leap year", "Pacific/Chatham", usage.StepMonth, "2040-12-31T01:00:00Z", "2040-12-31T02:00:00Z",
			[]string{"2040-12-01T00:00:00+13:45", "2041-01-01T00:00:00+13:45"}},

		{"quarters", "Asia/Kathmandu", usage.StepQuarter, "2026-03-01T00:14:59Z", "2026-03-01T00:15:01Z",
			[]string{"2026-03-01T05:45:00+05:45", "2026-03-01T06:00:00+05:45", "2026-03-01T06:15:00+05:45"}},
		{"the whole span", "UTC", "", "2026-03-01T00:14:59Z", "2026-05-01T00:15:01Z",
			[]string{"2026-03-01T00:00:00Z", "2026-05-01T00:30:00Z"}},
		{"the whole span, cut already", "UTC", "", "2026-03-01T00:15:00Z", "2026-05-01T00:30:00Z",
			[]string{"2026-03-01T00:15:00Z", "2026-05-01T00:30:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			loc := zone(t, c.zone)
			cuts, err := usage.Cuts(instant(t, c.from), instant(t, c.to), c.step, loc)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, cut := range cuts {
				got = append(got, cut.In(loc).Format(time.RFC3339))
				if cut != cut.UTC() {
					t.Errorf("%v is not in UTC", cut)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Cuts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCutsRefuses(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	late := time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	for _, c := range []struct {
		name     string
		from, to time.Time
		step     usage.Step
		loc      *time.Location
		ok       bool
	}{
		{"no zone", day, day.Add(1), usage.StepDay, nil, false},
		{"empty", day, day, usage.StepDay, time.UTC, false},
		{"empty whole", day, day, "", time.UTC, false},
		{"backwards", day, day.Add(-1), usage.StepDay, time.UTC, false},
		{"no such step", day, day.Add(1), "week", time.UTC, false},
		{"as many as may be", day, day.Add(usage.MaxPeriods * usage.Quarter), usage.StepQuarter, time.UTC, true},
		{"one more", day, day.Add(usage.MaxPeriods*usage.Quarter + 1), usage.StepQuarter, time.UTC, false},
		{"the whole time", time.Time{}, late, "", time.UTC, true},
		{"before the year 1", time.Time{}.Add(-1), day, "", time.UTC, false},
		{"after the year 9999", day, late.Add(1), "", time.UTC, false},
		{"the first month", time.Time{}, time.Time{}.Add(1), usage.StepMonth, time.UTC, true},
		{"the last hour", late.Add(-1), late, usage.StepHour, time.UTC, true},
		{"beyond all bounds", time.Unix(-1<<62, 0), time.Unix(1<<62, 0), usage.StepDay, time.UTC, false},
		{"days of Liberia in 1971, -00:44:30", day.AddDate(-55, 0, 0), day.AddDate(-55, 0, 1), usage.StepDay, zone(t, "Africa/Monrovia"), false},
		{"hours of Liberia in 1971", day.AddDate(-55, 0, 0), day.AddDate(-55, 0, 1), usage.StepHour, zone(t, "Africa/Monrovia"), false},
		{"days of Liberia since", day, day.AddDate(0, 0, 1), usage.StepDay, zone(t, "Africa/Monrovia"), true},
		{"seven minutes ahead", day, day.AddDate(0, 0, 1), usage.StepMonth, time.FixedZone("", 420), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cuts, err := usage.Cuts(c.from, c.to, c.step, c.loc)
			if c.ok && err != nil || !c.ok && (!errors.Is(err, usage.ErrInvalid) || cuts != nil) {
				t.Errorf("Cuts = %d cuts, %v; want ok %v", len(cuts), err, c.ok)
			}
		})
	}
}

// zones have an offset or a change of it that is out of the ordinary.
var zones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/Havana", "America/St_Johns",
	"America/Caracas", "America/Asuncion", "America/Santiago", "America/Scoresbysund", "America/Nuuk", "Africa/Cairo",
	"Africa/Casablanca", "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran",
	"Asia/Colombo", "Antarctica/Troll", "Antarctica/Casey", "Atlantic/Azores", "Australia/Eucla", "Australia/Lord_Howe",
	"Pacific/Apia", "Pacific/Chatham", "Pacific/Fakaofo", "Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Norfolk",
}

// nearChange draws a time since 1980, most often close to a change of the offset
// or of a year that has 366 days.
func nearChange(t *rapid.T, loc *time.Location) time.Time {
	day := rapid.IntRange(1, 68*365).Draw(t, "days since 1980")
	at := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, day)
	switch _, end := at.In(loc).ZoneBounds(); rapid.IntRange(0, 4).Draw(t, "jump") {
	case 0:
	case 1:
		at = time.Date(at.Year()/4*4, 12, 31, 12, 0, 0, 0, time.UTC)
	default:
		if !end.IsZero() {
			at = end
		}
	}
	return at.Add(time.Duration(rapid.IntRange(-3*86400, 2*86400).Draw(t, "seconds")) * time.Second)
}

// naive cuts by looking at the clock every quarter of an hour.
func naive(from, to time.Time, step usage.Step, loc *time.Location) []time.Time {
	shown := -1 << 62 // the highest date, or month, that the clock has shown
	begins := func(t time.Time) bool {
		local := t.In(loc)
		y, m, d := local.Date()
		before := shown
		switch step {
		case usage.StepHour:
			return local.Minute() == 0
		case usage.StepDay:
			shown = max(shown, (y*12+int(m))*31+d)
		case usage.StepMonth:
			shown = max(shown, y*12+int(m))
		}
		return step == usage.StepQuarter || shown > before
	}
	var cuts []time.Time
	for t := usage.QuarterOf(from.AddDate(0, 0, -40)); ; t = t.Add(usage.Quarter) {
		if !begins(t) {
			continue
		}
		if !t.After(from) {
			cuts = cuts[:0]
		}
		if cuts = append(cuts, t); !t.Before(to) {
			return cuts
		}
	}
}

func TestCutsAgreeWithTheClock(t *testing.T) {
	locs := make([]*time.Location, len(zones))
	for i, name := range zones {
		locs[i] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(locs).Draw(t, "zone")
		step := rapid.SampledFrom([]usage.Step{usage.StepQuarter, usage.StepHour, usage.StepDay, usage.StepMonth}).Draw(t, "step")
		from := nearChange(t, loc)
		to := from.Add(time.Duration(rapid.IntRange(1, 5*86400).Draw(t, "length")) * time.Second)
		got, err := usage.Cuts(from, to, step, loc)
		if err != nil {
			t.Fatalf("Cuts(%v, %v, %s, %v): %v", from, to, step, loc, err)
		}
		if diff := cmp.Diff(naive(from, to, step, loc), got); diff != "" {
			t.Errorf("Cuts(%v, %v, %s, %v) (-want +got):\n%s", from, to, step, loc, diff)
		}
	})
}

func TestEveryInstantIsInOnePeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		step := rapid.SampledFrom([]usage.Step{usage.StepQuarter, usage.StepHour, usage.StepDay, usage.StepMonth}).Draw(t, "step")
		at := nearChange(t, loc)
		span := time.Duration(rapid.IntRange(1, 15*24).Draw(t, "hours")) * time.Hour
		cuts, err := usage.Cuts(at.Add(-span), at.Add(span), step, loc)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(cuts, time.Time.Compare) || len(slices.CompactFunc(slices.Clone(cuts), time.Time.Equal)) != len(cuts) {
			t.Fatalf("cuts are not ascending: %v", cuts)
		}
		after, _ := slices.BinarySearchFunc(cuts, at.Add(1), time.Time.Compare)
		alone, err := usage.Cuts(at, at.Add(1), step, loc)
		if diff := cmp.Diff(cuts[after-1:after+1], alone); err != nil || diff != "" {
			t.Errorf("%s: the %s of %v in a long span and by itself, %v (-long +alone):\n%s", name, step, at, err, diff)
		}
	})
}

func BenchmarkCutsDays(b *testing.B) {
	loc := zone(b, "America/New_York")
	from := time.Date(2020, 1, 1, 5, 0, 0, 0, time.UTC)
	for b.Loop() {
		if cuts, err := usage.Cuts(from, from.AddDate(1, 0, 0), usage.StepDay, loc); err != nil || len(cuts) != 367 {
			b.Fatal(len(cuts), err)
		}
	}
}
