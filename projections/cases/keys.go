package cases

import (
	"encoding/json"

	"ordermill/domain/payment"
	"ordermill/eventstore"
)

func key(kind, id string) string { return kind + ":" + id }

// keys names the cases that an event changes, by the ids in its data. An event that has none, or is not known here, goes by
// its stream's name: the fold then parks that key, or stops, as for any other projection.
func keys(record eventstore.Record) ([]string, error) {
	category, _, err := eventstore.SplitStream(record.Stream)
	if err != nil || category != payment.Category {
		return nil, err
	}
	switch record.Type {
	case payment.RequestedType, payment.FailedType, payment.RequestClosedType: // of no case, whatever is in them
		return nil, nil
	}
	var ids struct {
		CaptureID string `json:"capture_id"`
		RefundID  string `json:"refund_id"`
		ReviewID  string `json:"review_id"`
	}
	readable := json.Unmarshal(record.Data, &ids) == nil
	var found []string
	add := func(kind, id string) {
		readable = readable && id != ""
		found = append(found, key(kind, id))
	}
	switch record.Type {
	case payment.CapturedType, payment.MatchedType, payment.UnmatchedType, payment.ReassignedType:
		add(Unmatched, ids.CaptureID)
	case payment.RefundRequestedType:
		add(Refund, ids.RefundID)
		add(Unmatched, ids.CaptureID)
	case payment.RefundedType, payment.RefundFailedType:
		add(Refund, ids.RefundID)
	case payment.ReviewRaisedType:
		add(Review, ids.ReviewID)
	case payment.ReviewResolvedType:
		add(Review, ids.ReviewID)
		if ids.RefundID != "" {
			add(Refund, ids.RefundID)
		}
	default:
		readable = false
	}
	if !readable {
		return []string{record.Stream}, nil
	}
	return found, nil
}
