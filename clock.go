package tenet

import (
	"sync/atomic"
	"time"
)

// clock is the time that decisions go by. It never runs backwards: what has
// expired in this process stays expired, also when the machine's clock is put
// back.
type clock struct {
	read func() time.Time // the host's; nil is time.Now
	base time.Time        // when the process began to look
	high atomic.Int64     // Unix nanoseconds of the latest time given out, to within a grain

	// Reading the wall clock costs as much as all that is decided by it, so within a
	// grain it is told from the monotonic one: ahead is what it was ahead of that at
	// looked.
	looked, ahead atomic.Int64
}

func newClock(read func() time.Time) *clock {
	c := &clock{read: read, base: time.Now()}
	c.looked.Store(-1 << 62)
	return c
}

// grain keeps the high-water mark from being written, and the wall clock from being
// read, at every call.
const grain = time.Millisecond

// instant is a moment by both clocks of the machine, in nanoseconds: since the clock's
// base by the monotonic one, and Unix time by that on the wall.
type instant struct{ machine, wall int64 }

// now returns the time, or the latest that was given out where the clock was put
// back since.
func (c *clock) now() time.Time {
	now, _ := c.look()
	return now
}

// look returns now and what the machine itself says, by which the age of a picture
// is told.
func (c *clock) look() (now time.Time, machine instant) {
	machine = c.machine()
	n := machine.wall
	if c.read != nil {
		n = c.read().UnixNano()
	}
	switch high := c.high.Load(); {
	case n > high+int64(grain):
		c.high.CompareAndSwap(high, n) // losing to another reader is as good
	case n < high:
		n = high
	}
	return time.Unix(0, n), machine
}

// machine reads the machine's clocks.
func (c *clock) machine() instant {
	mono := int64(time.Since(c.base))
	if mono-c.looked.Load() < int64(grain) {
		return instant{mono, mono + c.ahead.Load()}
	}
	now := time.Now()
	mono = int64(now.Sub(c.base))
	c.ahead.Store(now.UnixNano() - mono) // before looked, which says that it is so
	c.looked.Store(mono)
	return instant{mono, now.UnixNano()}
}
