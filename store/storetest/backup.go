package storetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func backupCases() []testCase {
	return []testCase{
		{
			name:  "backup/complete",
			rules: "B1",
			why:   "A backup opens as the store that it was: records with their revisions, the log, operation ids and usage, and nothing that came later.",
			needs: needBackuper | needRestore,
			run:   backupComplete,
		},
		{
			name:  "backup/apart",
			rules: "B4",
			why:   "A backup and its original are two logs from then on, and a follower of the one that comes to the other must load again: else it steps over what only the other has.",
			needs: needBackuper | needRestore,
			run:   backupApart,
		},
		{
			name:  "backup/under-writers",
			rules: "B1 B2",
			why:   "A backup that is taken while others commit is of one moment: its records are those that its log tells of, and what was acknowledged before it began is there.",
			needs: needBackuper | needRestore,
			run:   backupUnderWriters,
		},
		{
			name:  "backup/paths",
			rules: "B3 S4",
			why:   "A backup overwrites nothing, and one that failed leaves nothing that could be taken for one.",
			needs: needBackuper,
			run:   backupPaths,
		},
		{
			name:  "backup/context-ends",
			rules: "S2 B3",
			why:   "A backup that is called off on the way says so and leaves nothing, at whatever moment it notices: half a copy opens as a tenancy without its newest revocations.",
			needs: needBackuper,
			run:   backupWhileEnding,
		},
	}
}

// backupWhileEnding takes backups whose contexts end on the way.
func backupWhileEnding(e *env) {
	e.create(full(orgA, "a")...)
	dir := e.newDir()
	for end := range e.endings() {
		path := filepath.Join(dir, "backup")
		if err := e.s.(store.Backuper).Backup(end, path); err != nil {
			e.endedBy("Backup", end, err)
		} else {
			e.must("removing the backup", os.Remove(path))
		}
		left, err := os.ReadDir(dir)
		e.must("the folder", err)
		if len(left) != 0 {
			e.fatalf("Backup whose context %s left a file", end.how)
		}
	}
}

// backup takes a backup and returns its path.
func (e *env) backup() string {
	path := filepath.Join(e.newDir(), "backup")
	e.must("Backup", e.s.(store.Backuper).Backup(e.ctx, path))
	return path
}

// restored opens a backup as the case's store; the original stays open.
func (e *env) restored(path string) {
	s, err := e.h.Restore(path)
	e.must("Restore", err)
	if s == nil {
		e.fatalf("Restore returned no store")
	}
	e.open = append(e.open, s)
	e.s = s
	e.u, e.up = e.usageOf(s)
}

func backupComplete(e *env) {
	e.create(full(orgA, "a")...)
	e.create(full(orgB, "b")...)
	b := e.creation(orgA, project(orgA, "proj_last", "last"))
	first := e.commit(b)
	calls := e.someCalls()
	want := e.shown()
	path := e.backup()
	e.create(project(orgA, "proj_later", "later"))
	e.restored(path)
	e.same("the backup", want, e.shown())
	e.same("a repeat", store.Result{Entry: first.Entry, Replayed: true}, e.commit(b))
	e.absent("what came after the backup", tenancy.ProjectRef(orgA, "proj_later").Ref)
	e.same("calls", calls, e.someCalls())
}

// someCalls delivers the same calls each time and returns those that are there;
// none where the store keeps no usage.
func (e *env) someCalls() []usage.Record {
	if e.u == nil {
		return nil
	}
	e.must("Append", e.u.Append(e.ctx, trace(20)))
	return e.records(store.RecordQuery{Org: orgA}, 0)
}

// shown is the picture with trails in place of the feed, which a copy begins anew.
func (e *env) shown() picture {
	e.start = e.cursor()
	p := e.picture()
	for _, org := range []tenancy.OrgID{orgA, orgB, ""} {
		p.Entries = append(p.Entries, e.trail(store.TrailQuery{Org: org}, 0)...)
	}
	return p
}

func backupApart(e *env) {
	e.create(project(orgA, "proj_1", "one"))
	past := e.cursor()
	path := e.backup()
	original := e.s
	e.write(orgA)
	future := e.cursor()
	e.restored(path)
	for range 4 { // until the copy's log has grown past the cursor's place
		for name, c := range map[string]store.Cursor{"past": past, "future": future} {
			_, err := e.s.Changes(e.ctx, c, 1)
			e.refused("Changes of the backup from the original's "+name, err, store.ErrResync)
		}
		e.write(orgA)
	}
	e.create(project(orgA, "proj_2", "two"))
	e.s = original
	e.absent("what was written to the backup", tenancy.ProjectRef(orgA, "proj_2").Ref)
}

func backupUnderWriters(e *env) {
	e.create(project(orgA, "counter", ""))
	var done atomic.Bool
	var counted atomic.Int64
	var paths []string
	var least []int64
	e.together(5, func(i int) {
		if i == 0 {
			defer done.Store(true)
			for i := range int64(3) {
				for counted.Load() <= 4*i && e.ctx.Err() == nil {
					runtime.Gosched() // the writers are to have begun, and gone on
				}
				least = append(least, counted.Load())
				paths = append(paths, e.backup())
			}
			return
		}
		for !done.Load() {
			switch err := e.addOne(e.s); {
			case err == nil:
				counted.Add(1)
			case !errors.Is(err, store.ErrConflict):
				e.fatalf("Commit during a backup: %v", err)
			}
		}
	})
	for i, path := range paths {
		e.restored(path)
		e.backedUp(least[i])
	}
}

// backedUp notes a failure unless the counter of the opened backup is what its log
// says, and at least so much.
func (e *env) backedUp(least int64) {
	ref := tenancy.ProjectRef(orgA, "counter").Ref
	p, _ := e.at(ref).Value.(tenancy.Project)
	n := counter(p)
	e.same("entries of the trail, for the counter", n, int64(len(e.trail(store.TrailQuery{Org: orgA, Subject: ref}, 0))))
	if n < least {
		e.errorf("the backup has counted to %d, though %d were acknowledged before it began", n, least)
	}
}

func backupPaths(e *env) {
	b := e.s.(store.Backuper)
	dir := e.newDir()
	there := filepath.Join(dir, "there")
	const content = "somebody's"
	e.must("a file", os.WriteFile(there, []byte(content), 0o600))
	for name, path := range map[string]string{"": "", "NUL": filepath.Join(dir, "a\x00b"), "a file": there, "a folder": dir} {
		e.refused("Backup to a path that is "+name, b.Backup(e.ctx, path), store.ErrInvalid)
	}
	if got, err := os.ReadFile(there); err != nil || string(got) != content {
		e.errorf("the file at the path is no longer what it was")
	}
	over, cancel := context.WithCancel(e.ctx)
	cancel()
	e.refused("Backup with a context that is over", b.Backup(over, filepath.Join(dir, "new")), context.Canceled)
	e.discreet("Backup into a folder that is not there", b.Backup(e.ctx, filepath.Join(dir, "no folder", "new")), "no folder")
	left, err := os.ReadDir(dir)
	e.must("the folder", err)
	if len(left) != 1 {
		e.errorf("%d files are left of backups that failed", len(left)-1)
	}
}
