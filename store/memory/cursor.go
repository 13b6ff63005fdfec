package memory

import "strconv"

// number is the number that a cursor of a reading stands for; 0 for the empty one.
func (s *Store) number(reading, cursor string) (n uint64, err error) {
	text, err := s.key.Open(reading, cursor)
	if err != nil || text == "" {
		return 0, err
	}
	return strconv.ParseUint(text, 10, 64)
}

// numbered is the inverse of number.
func (s *Store) numbered(reading string, n uint64) string {
	return s.key.Seal(reading, strconv.FormatUint(n, 10))
}
