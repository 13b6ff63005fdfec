package sqlite

import "strconv"

// number is the number that a cursor of a reading stands for; 0 for the empty one.
func (s *Store) number(reading, cursor string) (int64, error) {
	position, err := s.epoch.Open(reading, cursor)
	if err != nil || position == "" {
		return 0, err
	}
	return strconv.ParseInt(position, 10, 64)
}

// numbered is the inverse of number.
func (s *Store) numbered(reading string, n int64) string {
	return s.epoch.Seal(reading, strconv.FormatInt(n, 10))
}
