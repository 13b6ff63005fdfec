package disk

import (
	"bytes"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// file is a file of an FS. It has no memory map, so that every read is a call.
type file struct {
	vfs.File
	disk *FS
	name string
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if _, err := f.disk.before(Read); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	torn, fault := f.disk.before(Write)
	if fault != nil && !torn {
		return 0, fault
	}
	if fault != nil {
		p = p[:len(p)/2]
	}
	n, err := f.File.WriteAt(p, off)
	f.disk.note(Note{Op: Write, File: f.name, At: off, Data: bytes.Clone(p)})
	if fault != nil {
		return n, fault
	}
	return n, err
}

func (f *file) Sync(flags vfs.SyncFlag) error {
	if _, err := f.disk.before(Sync); err != nil {
		return err
	}
	err := f.File.Sync(flags)
	f.disk.note(Note{Op: Sync, File: f.name})
	return err
}

func (f *file) Truncate(size int64) error {
	if _, err := f.disk.before(Truncate); err != nil {
		return err
	}
	err := f.File.Truncate(size)
	f.disk.note(Note{Op: Truncate, File: f.name, At: size})
	return err
}

func (f *file) Size() (int64, error) {
	if _, err := f.disk.before(Size); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *file) Lock(level vfs.LockLevel) error {
	if _, err := f.disk.before(Lock); err != nil {
		return err
	}
	return f.File.Lock(level)
}

// What SQLite asks of a file besides, as the operating system has it. SizeHint is
// left out, so that a file grows by writes alone.

func (f *file) Unwrap() vfs.File                { return f.File }
func (f *file) SharedMemory() vfs.SharedMemory  { return vfsutil.WrapSharedMemory(f.File) }
func (f *file) LockState() vfs.LockLevel        { return vfsutil.WrapLockState(f.File) }
func (f *file) PersistWAL() bool                { return vfsutil.WrapPersistWAL(f.File) }
func (f *file) SetPersistWAL(keep bool)         { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *file) PowersafeOverwrite() bool        { return vfsutil.WrapPowersafeOverwrite(f.File) }
func (f *file) SetPowersafeOverwrite(safe bool) { vfsutil.WrapSetPowersafeOverwrite(f.File, safe) }
func (f *file) HasMoved() (bool, error)         { return vfsutil.WrapHasMoved(f.File) }
