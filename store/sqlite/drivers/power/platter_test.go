package power_test

import (
	"math/rand/v2"
	"slices"
	"strings"

	"example.com/tenet/store/sqlite/drivers/internal/disk"
)

// sector is what a disk writes whole or not at all. SQLite rests on no bytes
// outside of a write being changed by it.
const sector = 512

// image is a file.
type image struct {
	data  []byte
	there bool // its name is
}

// platter is what a disk holds: of each file what is sure to be there, and the
// calls since, which may or may not have been done.
type platter struct {
	sure    map[string]image
	pending map[string][]disk.Note
}

func newPlatter() *platter {
	return &platter{sure: map[string]image{}, pending: map[string][]disk.Note{}}
}

// take adds a call.
func (p *platter) take(n disk.Note) {
	switch n.Op {
	case disk.Sync:
		p.sync(n.File)
	case disk.Write, disk.Truncate, disk.Delete:
		p.pending[n.File] = append(p.pending[n.File], n)
	}
}

// sync makes sure of a file. The first sync of a journal or WAL since it was made
// reaches the folder too: so SQLite does on Unix, and so does this driver.
func (p *platter) sync(file string) {
	im := p.sure[file]
	made := !im.there
	for _, n := range p.pending[file] {
		im = apply(im, n)
	}
	im.there = true
	p.sure[file] = im
	delete(p.pending, file)
	if made && strings.Contains(file, "-") {
		p.syncFolder()
	}
}

// syncFolder makes sure of what was deleted.
func (p *platter) syncFolder() {
	for file, calls := range p.pending {
		for i, n := range calls {
			if n.Op == disk.Delete {
				p.sure[file], p.pending[file] = image{}, calls[i+1:]
			}
		}
	}
}

// cut is one of the states that the files may be in when the power goes: of the
// calls that no sync has confirmed each was done with the probability keep, and of
// a write that was done a part may be missing where tear says so.
func (p *platter) cut(random *rand.Rand, keep float64, tear bool) map[string]image {
	files := map[string]image{}
	for name, im := range p.sure {
		files[name] = image{slices.Clone(im.data), im.there}
	}
	for name, calls := range p.pending {
		im := files[name]
		for _, n := range calls {
			if random.Float64() < keep {
				im = apply(im, torn(random, n, tear))
			}
		}
		files[name] = im
	}
	return files
}

// torn is a write of which sectors are missing.
func torn(random *rand.Rand, n disk.Note, tear bool) disk.Note {
	if !tear || n.Op != disk.Write || len(n.Data) <= sector || random.IntN(3) > 0 {
		return n
	}
	sectors := len(n.Data) / sector
	from := random.IntN(sectors)
	n.At += int64(from * sector)
	n.Data = n.Data[from*sector : (from+1+random.IntN(sectors-from))*sector]
	return n
}

// apply does a call to a file.
func apply(im image, n disk.Note) image {
	switch n.Op {
	case disk.Delete:
		return image{}
	case disk.Truncate:
		im.data = sized(im.data, int(n.At))
	case disk.Write:
		end := int(n.At) + len(n.Data)
		im.data = sized(im.data, max(len(im.data), end))
		copy(im.data[n.At:end], n.Data)
	}
	im.there = true
	return im
}

// sized is data of another length, with zeros where it grows.
func sized(data []byte, length int) []byte {
	if length <= len(data) {
		return data[:length]
	}
	return append(data, make([]byte, length-len(data))...)
}
