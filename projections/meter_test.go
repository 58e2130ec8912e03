package projections

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// passing lets a meter see so many events a second, ten times a second, for a while.
func passing(m *meter, from time.Time, position, perSecond int64, seconds int) (time.Time, int64) {
	for range 10 * seconds {
		from, position = from.Add(100*time.Millisecond), position+perSecond/10
		m.pass(from, position)
	}
	return from, position
}

func TestMeter_measuresTheRecentPast_notTheMeanSinceStart(t *testing.T) {
	var m meter
	require.Zero(t, m.perSecond())
	now, position := time.Unix(1000, 0), int64(500)
	m.pass(now, position) // where it was resumed: what was done before counts nothing
	require.Zero(t, m.perSecond())
	now, position = passing(&m, now, position, 1000, 60)
	require.EqualValues(t, 1000, m.perSecond())
	now, position = passing(&m, now, position, 100, 6)
	require.EqualValues(t, 100, m.perSecond())
	m.pass(now.Add(10*time.Second), position+10) // a page that took long
	require.Less(t, m.perSecond(), int64(60))
}

func TestMeter_quickPages_takeNoRoom(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	for i := range int64(100_000) {
		m.pass(now.Add(time.Duration(i)*100*time.Microsecond), i)
	}
	require.LessOrEqual(t, len(m.passed), int(measuredOver/measuredEach)+2)
	require.InDelta(t, 10_000, m.perSecond(), 100)
}

func TestETA_isRoundedUp_andUnknownWhileItStands(t *testing.T) {
	require.Equal(t, 2*time.Second, eta(150, 100))
	require.Equal(t, time.Second, eta(1, 100))
	require.Zero(t, eta(0, 100))
	require.Zero(t, eta(-5, 100))
	require.Zero(t, eta(100, 0))
}
