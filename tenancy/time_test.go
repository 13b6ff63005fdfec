package tenancy_test

import (
	"testing"
	"time"

	"example.com/tenet/tenancy"
)

func TestB8Instant(t *testing.T) {
	tests := []struct {
		name     string
		in, want time.Time
	}{
		{"zero stays zero", time.Time{}, time.Time{}},
		{"zero of another zone", time.Time{}.In(time.FixedZone("", 3600)), time.Time{}},
		{"whole microseconds", now.Add(time.Microsecond), now.Add(time.Microsecond)},
		{"nanoseconds are cut, not rounded", now.Add(999), now},
		{"before 1970 they are cut downwards", time.Unix(-1, 999_999_999).UTC(), time.Unix(-1, 999_999_000).UTC()},
		{"another zone", now.In(time.FixedZone("", 5*3600+45*60)), now},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tenancy.Instant(tt.in); got != tt.want {
				t.Errorf("Instant = %#v, want %#v", got, tt.want)
			}
		})
	}
	if got := tenancy.Instant(time.Now()); got != got.Round(0) || got.Location() != time.UTC {
		t.Errorf("a monotonic reading or a zone is left in %#v", got)
	}
}

func TestFieldError(t *testing.T) {
	err := tenancy.CheckName("name", "")
	if got := err.Error(); got != "tenancy: name: must be 1 to 128 bytes" {
		t.Errorf("Error() = %q", got)
	}
	if fe := (&tenancy.FieldError{}); fe.Is(tenancy.ErrArchived) || !fe.Is(tenancy.ErrInvalid) {
		t.Error("a FieldError is ErrInvalid and nothing else")
	}
}
