//go:build !linux

package main

import "os"

// datasync makes what was written to f durable, and more than fdatasync would.
func datasync(f *os.File) error { return f.Sync() }
