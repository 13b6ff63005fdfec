package sqlitefile

import "database/sql"

// Pools returns the pools of s and how many connections each may have.
func (s *Store) Pools() map[*sql.DB]int { return map[*sql.DB]int{s.write: 1, s.read: readers} }
