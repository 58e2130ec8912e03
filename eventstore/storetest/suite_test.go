package storetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore/storetest"
)

func TestSuite_rightDriver_passes(t *testing.T) {
	storetest.Run(t, func(storetest.T) storetest.Log { return storetest.Log{Driver: newMemory(faults{})} })
}

// TestSuite_brokenDriver_isRejected shows that the suite can fail, and that each mistake is found by the check that is there for it.
func TestSuite_brokenDriver_isRejected(t *testing.T) {
	for name, c := range map[string]struct {
		faults  faults
		foundBy string
	}{
		"lost update":      {faults{lostUpdate: true}, "Concurrent_racersForOneUnit_oneWinner"},
		"reordered read":   {faults{reorderedRead: true}, "Concurrent_writersWithRollbacks_readerSeesEveryPositionOnceInOrder"},
		"missing read":     {faults{missingRead: true}, "Concurrent_writersWithRollbacks_readerSeesEveryPositionOnceInOrder"},
		"swallowed error":  {faults{swallowedError: true}, "Failure_ofALonelyRequest_isItsOutcome"},
		"half written":     {faults{halfWritten: true}, "Failure_ofOneRequest_sparesItsNeighbours"},
		"skipped position": {faults{skippedPosition: true}, "Concurrent_writersWithRollbacks_readerSeesEveryPositionOnceInOrder"},
		"case-blind keys":  {faults{caseBlind: true}, "Receipt_keysAreTheSameByteForByteOnly"},
		"lost receipt":     {faults{lostReceipt: true}, "Receipt_withoutEvents_isStored"},
		"tidy JSON":        {faults{tidyJSON: true}, "Read_record_isExactlyWhatWasWritten"},
		"oldest as latest": {faults{oldestLatest: true}, "Read_everyQuery_isARangeInOrder"},
		"deaf to cancel":   {faults{deafToCancel: true}, "Failure_callerGoneBefore_writesNothing"},
		"not rejected":     {faults{notRejected: true}, "Failure_ofOneRequest_sparesItsNeighbours"},
		"wrong unknown":    {faults{wrongUnknown: true}, "LostReply_notCommitted_isDoneOnce"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := storetest.Failures(t.Context(), func(storetest.T) storetest.Log { return storetest.Log{Driver: newMemory(c.faults)} })
			require.Contains(t, failed, c.foundBy)
		})
	}
}
