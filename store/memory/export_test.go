package memory

import "example.com/tenet/usage"

// Spoil overwrites a bucket behind the store's back, for the suite.
func (s *Store) Spoil(b usage.Bucket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.buckets[b.BucketID] = b.Sums
	if b.Sums == (usage.Sums{}) {
		delete(s.usage.buckets, b.BucketID)
	}
}
