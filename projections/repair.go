package projections

import (
	"context"
	"errors"
	"fmt"
)

// maxMended is how many rows one Repair mends: where more differ, folding the whole log once is faster.
const maxMended = 10_000

// Repaired is a Report of what was found, and what became of it.
type Repaired struct {
	Report
	Mended    int64
	LeftCount int64  // rows that differ still
	Left      []Left // the first hundred of them
}

// Left is a row that could not be mended.
type Left struct{ Key, Why string }

// Repair verifies, and mends each row that differs, as Mend does it; what can not be mended row by row it tells. Parked keys are neither
// compared nor touched.
func (m *Model[R]) Repair(ctx context.Context) (Repaired, error) {
	report, err := m.verify(ctx)
	r := Repaired{Report: report}
	if err != nil {
		return r, err
	}
	for _, key := range report.keys {
		if err := r.note(key, m.mendIfPossible(ctx, key)); err != nil {
			return r, fmt.Errorf("repair %s, %d rows mended: %w", m.projection.Name, r.Mended, err)
		}
	}
	if rest := report.differing - int64(len(report.keys)); rest > 0 {
		r.LeftCount += rest
		r.Left = append(r.Left, Left{Why: fmt.Sprintf("more rows differ than the %d that are mended at once: rebuild the read model", maxMended)})
	}
	if r.Count > 0 {
		m.log.Warn("rows were mended from their streams", "mended", r.Mended, "left", r.LeftCount, "differences", r.Count, "position", r.Position)
	}
	return r, m.keepVerified(ctx, report, r.Mended)
}

func (m *Model[R]) mendIfPossible(ctx context.Context, key string) error {
	_, err := m.Mend(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil // it went by itself
	}
	return err
}

// note counts what became of a row. It returns an error that is not the row's.
func (r *Repaired) note(key string, err error) error {
	switch {
	case err == nil:
		r.Mended++
		return nil
	case errors.Is(err, ErrParked), errors.Is(err, ErrNoStreams):
		r.LeftCount++
		if len(r.Left) < maxDifferences {
			r.Left = append(r.Left, Left{key, err.Error()})
		}
		return nil
	}
	return err
}
