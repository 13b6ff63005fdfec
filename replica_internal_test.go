package tenet

import (
	"testing"
	"time"
)

// A machine that slept wakes with a monotonic clock that did not run meanwhile:
// either clock may say that the picture is too old.
func TestF17EitherClockAges(t *testing.T) {
	now := time.Now()
	r := &replica{maxAge: time.Second}
	for _, tt := range []struct {
		name            string
		monotonic, wall time.Duration // ago
		want            bool
	}{
		{"fresh", 0, 0, true},
		{"at the bound", time.Second, time.Second, true},
		{"past it by the monotonic clock", time.Second + 1, 0, false},
		{"past it by the wall clock", 0, time.Second + 1, false},
		{"wall clock put back", 0, -time.Hour, true},
	} {
		r.fresh.Store(int64(time.Hour - tt.monotonic))
		r.freshWall.Store(now.Add(-tt.wall).UnixNano())
		if got := r.current(instant{int64(time.Hour), now.UnixNano()}); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
