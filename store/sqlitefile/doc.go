// Package sqlitefile opens a database file for package sqlite with the driver
// modernc.org/sqlite, which needs no C compiler.
//
// It is no backend of its own: all it knows is how to open the file so that the
// promises of package store hold. The file is in WAL mode; one connection writes and
// four read. Each has these settings, passed in its name because an executed PRAGMA
// would reach one connection of a pool: synchronous=FULL, a busy timeout of 5 s,
// foreign keys, checks of damaged pages, no trust in functions of the schema. A new
// file is made beside its place and put there whole. It has mode 0600, and so have the
// -wal and -shm files beside it.
//
//	s, err := sqlitefile.Open(ctx, "/var/lib/gateway/tenet.db")
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//
// Do not import it beside another driver that registers the name "sqlite", such as
// glebarez/go-sqlite: database/sql panics at the start of such a program. Use
// package sqlite with that driver instead.
//
// The file has to be on a local disk: WAL shares memory between processes, which
// network file systems do not. The file system has to know hard links, by which a new
// file gets its name once it is whole. Inside a process that has the file open,
// never open, copy or hash it by other means: that drops SQLite's locks. For a
// backup use Backup; package sqlite says how to restore one.
//
// The -wal file has at most 8 MiB and one transaction, unless somebody reads one state
// for longer than 100 ms; then it grows until they end, and is cut to 8 MiB.
//
// A call that needs a new connection while another process holds the whole file, as
// it does for a moment when it begins, may wait for the busy timeout whatever its
// context says.
//
// What is deleted or replaced is overwritten in its page (secure_delete=FAST). Pages that
// fall free whole keep their bytes until they are used again; a copy by Backup has none.
//
// [OpenReadOnly] is for who only looks, beside other processes.
//
// A [Store] may be used from any goroutine. Its errors are those of package sqlite.
package sqlitefile
