package eventstore

// keptRecent is how many of the records that this process appended last are at hand for its consumers: a burst.
const keptRecent = 500

// Recent returns the records after a position that this process has appended itself, at most limit of them, without asking the
// database; none unless they go on to the highest position this process has heard of. The log may be longer: whoever follows it
// also reads it now and then.
func (s *Store) Recent(after int64, limit int) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) == 0 || s.recent[len(s.recent)-1].Position != s.head {
		return nil
	}
	skip := after + 1 - s.recent[0].Position
	if skip < 0 || skip >= int64(len(s.recent)) {
		return nil
	}
	found := s.recent[skip:]
	return found[:min(len(found), limit)]
}

// remember keeps records that were just appended. Those before them stay at hand only if nobody else wrote in between.
func (s *Store) remember(records []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.recent); n == 0 || s.recent[n-1].Position+1 != records[0].Position {
		s.recent = nil
	}
	if len(s.recent)+len(records) > 2*keptRecent {
		s.recent = append([]Record(nil), s.recent[max(0, len(s.recent)-keptRecent):]...) // a copy: readers still hold the old ones
	}
	s.recent = append(s.recent, records...)
}
