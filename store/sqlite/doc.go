// Package sqlite keeps Tenet's data in a SQLite database: the reference backend of
// package store, and the one for a gateway on one machine.
//
// It works on pools of the host's and imports no driver, so that a host that has
// one already, of whatever make, need not link another. A host that has none uses
// package sqlitefile, which opens a file with modernc.org/sqlite and every setting
// right. It is no server and no ORM, and it makes no decision: see package store.
//
// # One descriptor a kind
//
// Each kind of record has a table with a column for each field and one descriptor,
// a list of columns and of pointers to fields. Get, List and Commit are written
// once over it. Another kind is a CREATE TABLE and some ten lines.
//
// # The schema
//
// schema/ has the schema, a file for each version, and README.md, which is for people who
// query it: views named for what they show, and queries to begin with. Tables are
// STRICT, times are integers of microseconds, lists are JSON arrays, text compares
// byte by byte. The database is Tenet's alone: New refuses one that has other tables.
// PRAGMA application_id is "tnet" and PRAGMA user_version the version. New brings an
// older one up to date in one transaction: whoever is stopped in it, at whatever
// statement, leaves the version before, and the next to open goes on from there. A newer
// one is refused. No record refers to another by a foreign key: what must hold
// between records is held by what a batch checks.
//
// A revision is the number of the log entry of the commit that wrote the record. The
// log numbers its entries with AUTOINCREMENT, which never gives a number twice.
//
// # Pools
//
// One pool writes, with SetMaxOpenConns(1); the other reads, and may be the same.
// SQLite 3.43 or newer is needed. The settings are the host's, and each connection
// of a pool has to have them, which most drivers take in the data source name:
//
//   - journal_mode WAL, so that readers and the writer do not wait for each other;
//   - synchronous FULL, without which a commit that was acknowledged, a revocation
//     say, can be lost with the power: New refuses less, which is what some drivers
//     have unless told;
//   - busy_timeout of some seconds, which is how long a write waits for the lock of
//     another process where its context does not end first.
//
// A transaction takes the write lock with its first statement, whichever BEGIN the
// driver sends.
//
//	write, err := sql.Open("sqlite", "file:tenet.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
//	…
//	write.SetMaxOpenConns(1)
//	s, err := sqlite.New(ctx, write, read, nil)
//	…
//	defer s.Close()
//
// Never open, copy or hash the database's files inside a process that has it open:
// closing any descriptor of the file drops the locks that SQLite holds on it.
//
// # The -wal file
//
// What is committed goes to the -wal file first and moves to the database by and by.
// SQLite begins that file anew only when nobody reads from it. So a writer that finds
// it larger than 8 MiB waits for those who are reading, at most 100 ms, and empties it:
// it has at most 8 MiB and one transaction as long as no read takes longer. One that
// does, a backup or a query of your own, lets it grow until it ends; with
// journal_size_limit, in bytes, it is then cut to that. Leave wal_autocheckpoint on.
//
// # Backup and restoring
//
// [Store.Backup] copies the database while it is in use; [Store.Check] reads all of it
// for damage. A copy is a database like any other. To restore one, end every process that
// has the database open, remove its -wal and -shm files, put the copy in its place
// and open it. What was committed since is gone, and its revisions and places in the
// log are given again, to other commits. So the copy has an epoch of its own, and every
// cursor of the original is store.ErrResync there. Give one to a copy that was made by
// other means too, before it is opened, or a follower could miss a revocation:
//
//	UPDATE meta SET epoch = lower(hex(randomblob(16)))
//
// # Reading only
//
// With Options.ReadOnly a Store makes and changes nothing, for reports or a second
// process that watches. SQLite shares an index of the -wal file in the -shm file, which
// has to be there or in a folder that can be written to.
//
// # Usage
//
// Records of calls and their roll-up are two more tables, and both are written in one
// transaction. Append is fastest with thousands of records a call; a call with one
// record costs a commit. Totals reads the roll-up alone, Records and Verify the
// records. A host that wants usage in a file of its own makes two Stores.
//
// # Concurrency
//
// A Store may be used from any goroutine. Writers queue for the one connection.
// Several Stores, in one process or many, may have the same database. The package
// starts no goroutine: [Store.Wait] polls in that of its caller.
//
// # Errors
//
// Errors are those of package store, usage.ErrOverflow, the context's, [ErrNewerSchema]
// and [ErrOlderSchema] from [New], and [ErrReadOnly]. They are told by SQLite's result
// codes, never by texts, and the engine's texts are left out of them since they can
// quote data. A lock that was not had in time, a full disk and an I/O error are
// store.ErrUnavailable: nothing was changed, reading goes on where it can, and the
// same Store works again once it is over. Damage that SQLite notices is
// store.ErrCorrupt. A COMMIT is never cancelled; one that fails is
// store.ErrUnknownOutcome unless its code says that nothing was written.
package sqlite
