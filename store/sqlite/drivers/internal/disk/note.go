package disk

import "slices"

// Note is a call that changed a file, or what a test has to say in between.
type Note struct {
	Op   Op
	File string // without its folder
	At   int64  // of a write its place, of a truncation the size
	Data []byte
	Mark int // of OpMark
}

// OpMark is the Op of a note of the test's own.
const OpMark Op = "mark"

// Record begins to keep notes.
func (d *FS) Record() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noting = true
}

// Mark notes a number among the calls.
func (d *FS) Mark(n int) { d.note(Note{Op: OpMark, Mark: n}) }

// Notes returns what was noted so far, in the order of the calls.
func (d *FS) Notes() []Note {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.notes)
}

func (d *FS) note(n Note) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noting {
		d.notes = append(d.notes, n)
	}
}
