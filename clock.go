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
	high atomic.Int64     // Unix nanoseconds of the latest time given out, to within a grain
}

// grain keeps the high-water mark from being written at every call.
const grain = time.Millisecond

// now returns the time, or the latest that was given out where the clock was put
// back since.
func (c *clock) now() time.Time {
	now, _ := c.look()
	return now
}

// look returns now and what the machine itself says, by which the age of a picture
// is told, with one reading of the machine's clock.
func (c *clock) look() (now, machine time.Time) {
	machine = time.Now()
	now = machine
	if c.read != nil {
		now = c.read()
	}
	n := now.UnixNano()
	switch high := c.high.Load(); {
	case n > high+int64(grain):
		c.high.CompareAndSwap(high, n) // losing to another reader is as good
	case n < high:
		now = time.Unix(0, high)
	}
	return now, machine
}
