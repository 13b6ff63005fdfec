//go:build !linux

package main

import (
	"os"
	"time"
)

// datasync makes what was written to f durable, and more than fdatasync would.
func datasync(f *os.File) error { return f.Sync() }

// processor is not known here.
func processor() time.Duration { return 0 }
