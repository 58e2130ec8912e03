package transfer_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/internal/program"
	"ordermill/internal/transfer"
)

func TestImport_cutFile_isRefusedAndGoesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 700) // 2,100 events, 700 receipts
		file := here.export()
		reached := int64(-1)
		for cut := 0; cut < len(file); cut += len(file)/9 + 1 {
			err := there.take(file[:cut])
			require.ErrorIs(t, err, transfer.ErrDamaged)
			require.ErrorContains(t, err, "ends too early")
			if cut == 0 {
				continue // not even made
			}
			err = there.unfinished()
			require.ErrorIs(t, err, transfer.ErrUnfinished)
			require.ErrorContains(t, err, `"ordermill import"`)
			events, _ := there.value(`SELECT count(*) FROM events`).(int64)
			require.GreaterOrEqual(t, events, reached, "it goes on where it was")
			reached = events
		}
		require.GreaterOrEqual(t, reached, int64(2000))
		c := there.config
		c.Addr, c.Log = "127.0.0.1:0", quietly
		_, err := program.Start(t.Context(), c)
		require.ErrorIs(t, err, transfer.ErrUnfinished, "it is not served")

		require.NoError(t, there.take(file))
		require.NoError(t, there.unfinished())
		require.Equal(t, string(file), string(there.export()))
	})
}

// stopping calls stop after so many bytes.
type stopping struct {
	io.Reader
	left int
	stop func()
}

func (s *stopping) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p[:min(len(p), 1000)])
	if s.left -= n; s.left < 0 {
		s.stop()
	}
	return n, err
}

func TestImport_stoppedAtAnyTime_goesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		file := shop(t, folder(t), 700).export()
		for range 5 {
			ctx, stop := context.WithCancel(t.Context())
			_, err := program.Import(ctx, there.config, &stopping{bytes.NewReader(file), rand.IntN(len(file) - 2000), stop})
			stop()
			require.ErrorIs(t, err, context.Canceled)
		}
		require.NoError(t, there.take(file))
		require.Equal(t, string(file), string(there.export()))
	})
}

// Whatever byte is wrong, nothing that was not as it was written gets into the log.
func TestImport_changedByte_isRefusedAndNotWritten(t *testing.T) {
	file := shop(t, folder(t), 4).export()
	whole := folder(t)
	require.NoError(t, whole.take(file))
	for range 30 {
		at := rand.IntN(len(file))
		wrong := bytes.Clone(file)
		wrong[at] ^= 1 << rand.IntN(7)
		there := folder(t)
		err := there.take(wrong)
		require.ErrorIs(t, err, transfer.ErrDamaged, "byte %d: %.60q", at, wrong[at:min(at+60, len(wrong))])
		require.NoError(t, there.take(file))
		require.Equal(t, string(file), string(there.export()), "byte %d", at)
	}
}

func TestImport_changedEvent_isNotInTheLogAfterwards(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		file := string(shop(t, folder(t), 700).export())
		lines := strings.SplitAfter(file, "\n")
		for _, at := range []int{10, 600, 1400} { // in the first, second and third check
			wrong := slices.Clone(lines)
			wrong[at] = strings.Replace(wrong[at], `\"actor\":\"t\"`, `\"actor\":\"T\"`, 1)
			require.NotEqual(t, lines[at], wrong[at])
			err := there.take([]byte(strings.Join(wrong, "")))
			require.ErrorIs(t, err, transfer.ErrDamaged)
			require.ErrorContains(t, err, "not as they were written")
			require.Less(t, there.value(`SELECT count(*) FROM events`), int64(at))
		}
		require.NoError(t, there.take([]byte(file)))
		require.Equal(t, file, string(there.export()))
	})
}

// The second import of a log marks the store too, as soon as it writes; until then the store is what it was.
func TestImport_laterFileCut_isUnfinishedAsWell(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 200)
		require.NoError(t, there.take(here.export()))
		here.grow(600)
		later := here.export()
		require.ErrorIs(t, there.take(later[:len(later)/20]), transfer.ErrDamaged)
		require.NoError(t, there.unfinished(), "nothing was written")
		require.ErrorIs(t, there.take(later[:len(later)/2]), transfer.ErrDamaged)
		require.ErrorIs(t, there.unfinished(), transfer.ErrUnfinished)
		require.NoError(t, there.take(later))
		require.NoError(t, there.unfinished())
	})
}

func TestImport_linesThatDoNotBelong_areRefused(t *testing.T) {
	file := string(shop(t, folder(t), 1).export())
	first, rest, _ := strings.Cut(file, "\n")
	check, rows, _ := strings.Cut(rest, "\n")
	for name, text := range map[string]string{
		"nothing":            "",
		"no export":          "{\"events\":{}}\n",
		"no JSON":            "hello\n",
		"no object":          "[1]\n",
		"two members":        "{\"export\":{},\"check\":{}}\n",
		"another format":     strings.Replace(first, `"format":1`, `"format":2`, 1) + "\n",
		"no check":           first + "\n" + rows,
		"a line is missing":  first + "\n" + check + "\n" + rows[strings.Index(rows, "\n")+1:],
		"a line comes twice": first + "\n" + check + "\n" + rows[:strings.Index(rows, "\n")+1] + rows,
		"more after its end": file + "{}\n",
		"another count":      strings.Replace(file, `"counts":{"consumers":2`, `"counts":{"consumers":3`, 1),
		"an unknown kind":    first + "\n" + check + "\n{\"orders\":{}}\n",
		"an unknown column":  first + "\n" + check + "\n" + strings.Replace(rows, `"stream"`, `"streem"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			there := folder(t)
			err := there.take([]byte(text))
			require.ErrorIs(t, err, transfer.ErrDamaged)
		})
	}
}

// A target that is a shop of its own is left as it is, and can be served.
func TestImport_otherTarget_isRefusedAndLeftAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 200)
		file := here.export()
		shop(t, there, 1)
		own := there.export()
		err := there.take(file)
		require.ErrorIs(t, err, transfer.ErrOtherLog)
		require.ErrorContains(t, err, "import into a new store")
		require.NoError(t, there.unfinished())
		require.Equal(t, string(own), string(there.export()))
	})
}

func TestImport_targetThatWentOn_isRefusedAndLeftAlone(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 3)
		old := here.export()
		require.NoError(t, there.take(old))
		there.grow(1)
		own := there.export()

		require.ErrorContains(t, there.take(old), "it has 12 events, the file 9", "the file is older")
		here.grow(1)
		require.ErrorContains(t, there.take(here.export()), "at position 10 it has another event")
		here.grow(200)
		err := there.take(here.export())
		require.ErrorIs(t, err, transfer.ErrOtherLog)
		require.NoError(t, there.unfinished())
		require.Equal(t, string(own), string(there.export()))
	})
}

func TestImport_receiptsOfTheTargetAlone_stay(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 2)
		require.NoError(t, there.take(here.export()))
		answer := `INSERT INTO receipts (scope, key, fingerprint, response, position, command_id, recorded_at)
			VALUES ('k', 'once', '%s', 'x', 0, '01a20feb-a484-7004-8510-301faea54eca', 1)`
		there.exec(strings.Replace(answer, "%s", "a", 1))
		require.NoError(t, there.take(here.export()))
		require.EqualValues(t, 3, there.value(`SELECT count(*) FROM receipts`))
		here.exec(strings.Replace(answer, "%s", "b", 1))
		require.ErrorIs(t, there.take(here.export()), transfer.ErrOtherLog, "two answers for one key")
	})
}

func TestImport_servedTarget_isRefused(t *testing.T) {
	there := server(t)
	file := folder(t).migrate().export()
	require.NoError(t, there.take(file))
	stop := there.serve()
	err := there.take(file)
	require.ErrorIs(t, err, transfer.ErrServed)
	require.ErrorContains(t, err, "Stop all copies")
	require.NoError(t, there.unfinished(), "it goes on being served")
	stop()
	require.NoError(t, there.take(file))
}

// A copy whose leases nobody saw, because it started at the same moment, gives itself away when it writes.
func TestImport_somebodyWritesMeanwhile_isNoticed(t *testing.T) {
	there := server(t)
	file := shop(t, folder(t), 700).export()
	once := sync.OnceFunc(func() { there.grow(1) })
	err := there.takeFrom(&stopping{bytes.NewReader(file), len(file) / 2, once})
	require.ErrorIs(t, err, transfer.ErrServed)
	require.ErrorContains(t, err, "somebody wrote to it during the import")
	require.ErrorIs(t, there.unfinished(), transfer.ErrUnfinished)
	require.ErrorIs(t, there.take(file), transfer.ErrOtherLog, "what it wrote cannot be undone")
}

func TestImport_folderInUse_isRefused(t *testing.T) {
	here, there := shop(t, folder(t), 1), folder(t)
	file := here.export()
	require.NoError(t, there.take(file))
	there.with(func(database) { require.ErrorContains(t, there.take(file), "in use by another process") })
}
