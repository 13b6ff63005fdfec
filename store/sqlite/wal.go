package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"sync/atomic"
)

// SQLite begins the -wal file anew only at a moment in which nobody reads from it.
// With readers that follow on each other there is no such moment, and the file
// would grow without end. So the writer that finds it larger than walLimit waits for
// those who are reading, and no longer than walPatience: a backup may read for
// minutes. Then it tries again when the file has grown as much again.
const (
	walLimit    = 8 << 20 // bytes
	walPatience = 100     // milliseconds
)

// wal is the file beside the database that commits go to first.
type wal struct {
	path string       // empty for a database in memory
	next atomic.Int64 // the size from which to shorten it
}

// find asks for the name of the database, by which the -wal file is named.
func (w *wal) find(ctx context.Context, db *sql.DB) error {
	w.next.Store(walLimit)
	var number int
	var name, file string
	rows, err := db.QueryContext(ctx, `PRAGMA database_list`)
	return each(rows, err, func(rows *sql.Rows) error {
		err := rows.Scan(&number, &name, &file)
		if name == "main" && file != "" {
			w.path = file + "-wal"
		}
		return err
	})
}

// size is 0 where there is none. The file is never opened.
func (w *wal) size() int64 {
	if w.path == "" {
		return 0
	}
	info, err := os.Stat(w.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// shorten empties the file where it is due, on the connection that writes. What it
// cannot do now it leaves for later: the commit before it has happened.
func (w *wal) shorten(ctx context.Context, conn *sql.Conn) {
	size := w.size()
	if size <= walLimit {
		w.next.Store(walLimit) // whoever read for long has ended
		return
	}
	if size < w.next.Load() {
		return
	}
	w.next.Store(size + walLimit)
	if emptied(ctx, conn) {
		w.next.Store(walLimit)
	}
}

// emptied waits for readers and says whether it outlasted them.
func emptied(ctx context.Context, conn *sql.Conn) bool {
	var usual, blocked, frames, moved int
	if err := conn.QueryRowContext(ctx, `PRAGMA busy_timeout`).Scan(&usual); err != nil {
		return false
	}
	if usual > 0 { // else the host waits in a way of its own, which a PRAGMA would end
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, min(usual, walPatience))); err != nil {
			return false
		}
	}
	err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&blocked, &frames, &moved)
	if usual == 0 {
		return err == nil && blocked == 0
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA busy_timeout = %d`, usual)); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the connection
	}
	return err == nil && blocked == 0
}
