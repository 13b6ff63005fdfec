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
// schema/1.sql is the schema with comments; hosts may query it. Tables are STRICT,
// times are integers of microseconds, lists are JSON arrays, text compares byte by
// byte. The database is Tenet's alone: New refuses one that has other tables, as it
// refuses one of a newer version. PRAGMA application_id is "tnet"; PRAGMA
// user_version is the version, and New brings an older one up to date in one
// transaction. No record refers to another by a foreign key: what must hold
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
//     say, can be lost with the power;
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
// For a backup use VACUUM INTO on a connection of the read pool. Never open, copy or
// hash the database's files inside a process that has it open: closing any
// descriptor of the file drops the locks that SQLite holds on it.
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
// Errors are those of package store, usage.ErrOverflow, the context's, and
// [ErrNewerSchema] from [New]. They are told by SQLite's result codes, never by
// texts, and the engine's texts are left out of them since they can quote data. A
// lock that was not had in time, a full disk and an I/O error are
// store.ErrUnavailable; damage that SQLite notices is store.ErrCorrupt. A COMMIT is
// never cancelled; one that fails is store.ErrUnknownOutcome unless its code says
// that nothing was written.
package sqlite
