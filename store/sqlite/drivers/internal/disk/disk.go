// Package disk is a file system under SQLite that fails when it is told to and
// notes what is written. It works on that of the operating system.
package disk

import (
	"path/filepath"
	"sync"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// Op is a kind of call to a file system.
type Op string

// The kinds of calls.
const (
	Open     Op = "open"
	Delete   Op = "delete"
	Read     Op = "read"
	Write    Op = "write"
	Sync     Op = "sync"
	Truncate Op = "truncate"
	Size     Op = "size"
	Lock     Op = "lock"
)

// Fault is a failure to come.
type Fault struct {
	Op    Op
	At    int   // fails at the At-th call of Op from now on, counted from 1
	Err   error // a code of the driver's
	Stays bool  // all calls of Op from then on fail too, until Lift
	Torn  bool  // a write that fails has written its first half
}

// FS is a file system. Its zero value fails nothing and notes nothing. It may be
// used from any goroutine.
type FS struct {
	mu     sync.Mutex
	fault  Fault
	calls  int // of fault.Op since Fail
	fired  int
	noting bool
	notes  []Note
}

// Register makes the file system known to the driver by a name, until forget.
func (d *FS) Register(name string) (forget func()) {
	vfs.Register(name, d)
	return func() { vfs.Unregister(name) }
}

// Fail sets the fault to come in place of the one before.
func (d *FS) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.calls, d.fired = f, 0, 0
}

// Lift ends the fault and says how many calls failed.
func (d *FS) Lift() (fired int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = Fault{}
	return d.fired
}

// before returns the error of a call that is to fail, and whether it is done by half.
func (d *FS) before(op Op) (torn bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault.Op != op {
		return false, nil
	}
	d.calls++
	if d.calls != d.fault.At && (d.calls < d.fault.At || !d.fault.Stays) {
		return false, nil
	}
	d.fired++
	return d.fault.Torn, d.fault.Err
}

func under() vfs.VFS { return vfs.Find("os") }

// Open implements vfs.VFS; only files without a name are opened by it.
func (d *FS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return vfsutil.WrapOpen(under(), name, flags)
}

// OpenFilename implements vfs.VFSFilename.
func (d *FS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if _, err := d.before(Open); err != nil {
		return nil, flags, err
	}
	f, out, err := vfsutil.WrapOpenFilename(under(), name, flags)
	if err != nil {
		return nil, out, err
	}
	return &file{File: f, disk: d, name: filepath.Base(name.String())}, out, nil
}

// Delete implements vfs.VFS.
func (d *FS) Delete(name string, syncDir bool) error {
	if _, err := d.before(Delete); err != nil {
		return err
	}
	err := under().Delete(name, syncDir)
	if err == nil {
		d.note(Note{Op: Delete, File: filepath.Base(name)})
	}
	return err
}

// Access implements vfs.VFS.
func (d *FS) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return under().Access(name, flags)
}

// FullPathname implements vfs.VFS.
func (d *FS) FullPathname(name string) (string, error) { return under().FullPathname(name) }
