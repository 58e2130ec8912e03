package redisstream

import (
	"strconv"
	"strings"
)

// entryID is the id of a record's entry.
func entryID(position string) string { return position + "-0" }

// before reports whether one entry's id is lower than another's. What is no id counts as the lowest.
func before(a, b string) bool {
	aTime, aSequence := parts(a)
	bTime, bSequence := parts(b)
	return aTime < bTime || aTime == bTime && aSequence < bSequence
}

func parts(id string) (milliseconds, sequence uint64) {
	left, right, _ := strings.Cut(id, "-")
	milliseconds, _ = strconv.ParseUint(left, 10, 64)
	sequence, _ = strconv.ParseUint(right, 10, 64)
	return milliseconds, sequence
}
