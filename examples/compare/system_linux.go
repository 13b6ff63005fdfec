package main

import (
	"os"
	"syscall"
	"time"
)

// datasync makes what was written to f durable, as SQLite does.
func datasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// processor is how long this process has kept processors busy.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
