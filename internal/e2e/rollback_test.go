package e2e_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/v1"
	"ordermill/internal/program"
)

// TestRollback_whileOrdersComeIn: back to the generation of before and forward again, with buyers at work; nothing is missing.
func TestRollback_whileOrdersComeIn_agrees(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		s := open(t, config)
		require.Equal(t, v1.NothingKept, refused(t, func() error { _, err := s.Rollback(t.Context(), "orders"); return err }))
		buying := s.shopping(2)
		buying.acknowledged(20)
		s.rebuilt("orders")
		for _, generation := range []int64{1, 2} {
			buying.acknowledged(20)
			begun, err := s.Rollback(t.Context(), "orders")
			require.NoError(t, err)
			require.Equal(t, generation, begun.Generation)
			eventually(t, func() error {
				rebuild, err := s.Rebuild(t.Context(), "orders")
				if rebuild.Status != "done" {
					return errors.Join(err, fmt.Errorf("%s: %d of %d", rebuild.Status, rebuild.EventsDone, rebuild.EventsTotal))
				}
				return err
			})
			require.Equal(t, generation, s.model("orders").Generation)
			require.Equal(t, 3-generation, s.model("orders").KeptGeneration)
			s.verified()
		}
		settled(t, s, buying.stop())
	})
}

// TestCancel_aRebuild: what was begun a moment ago is ended, or had its cut-over already; and queries go on.
func TestCancel_aRebuild_leavesTheLiveOne(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, config program.Config) {
		config.Demo = true
		s := open(t, config)
		s.letter(orderLetter("1"))
		s.letter(paymentLetter("1"))
		s.confirmed("1")
		require.Equal(t, v1.RebuildNotRunning, refused(t, func() error { _, err := s.CancelRebuild(t.Context(), "orders"); return err }))
		before := s.model("orders").Generation
		_, err := s.StartRebuild(t.Context(), "orders")
		require.NoError(t, err)
		if cancelled, err := s.CancelRebuild(t.Context(), "orders"); err == nil {
			require.Equal(t, "cancelled", cancelled.Status)
			require.Equal(t, before, s.model("orders").Generation)
		}
		s.confirmed("1")
		s.rebuilt("orders")
		s.confirmed("1")
		s.verified()
	})
}

// refused is the code of the problem with which something is answered.
func refused(t *testing.T, do func() error) string {
	t.Helper()
	var problem *v1.Problem
	require.ErrorAs(t, do(), &problem)
	return problem.Code
}

// model is how a read model is.
func (s *shop) model(name string) v1.Projection {
	s.t.Helper()
	models, err := s.Projections(s.t.Context())
	require.NoError(s.t, err)
	for _, m := range models {
		if m.Name == name {
			return m
		}
	}
	require.Fail(s.t, "no such read model", name)
	return v1.Projection{}
}
