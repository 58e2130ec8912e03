package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/eventstore"
	"ordermill/internal/program"
	"ordermill/internal/transfer"
)

func TestMove_thereAndBack_isTheSameFile(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 400) // several checks
		file := here.export()
		require.NoError(t, there.take(file))
		require.NoError(t, there.unfinished())
		require.Equal(t, string(file), string(there.export()))
		back := folder(t)
		require.NoError(t, back.take(there.export()))
		require.Equal(t, string(file), string(back.export()))
	})
}

func TestMove_whatIsDerivedStaysBehind(t *testing.T) {
	here, there := shop(t, folder(t), 1), folder(t)
	require.NoError(t, there.take(here.export()))
	for _, table := range []string{"consumers", "parked", "parked_positions", "discarded", "progress"} {
		column := "consumer"
		if table == "consumers" {
			column = "name"
		}
		require.EqualValues(t, 0, there.value(`SELECT count(*) FROM `+table+` WHERE `+column+` NOT IN ('mail', 'relay-redis')`), table)
		require.EqualValues(t, 2, there.value(`SELECT count(DISTINCT `+column+`) FROM `+table), table)
	}
	require.EqualValues(t, 0, there.value(`SELECT max(lease_until) + max(epoch) FROM consumers`), "a lease is of one database")
}

func TestImport_laterFile_goesOnWhereTheFirstEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := shop(t, folder(t), 200)
		require.NoError(t, there.take(here.export()))
		here.grow(200)
		here.exec(`UPDATE consumers SET position = 600 WHERE name = 'mail'`, `DELETE FROM parked WHERE consumer = 'mail'`,
			`DELETE FROM contacts`, `INSERT INTO inbox (message_id, raw, received_at) VALUES ('later', 'x', 9)`)
		require.NoError(t, there.take(here.export()))
		require.Equal(t, string(here.export()), string(there.export()), "an erased contact does not come back")
		require.NoError(t, there.take(here.export()), "again is nothing")
		require.Equal(t, string(here.export()), string(there.export()))
	})
}

func TestImport_backIntoWhereItCameFrom_goesOn(t *testing.T) {
	here, there := shop(t, folder(t), 3), server(t)
	require.NoError(t, there.take(here.export()))
	there.exec(`INSERT INTO consumers (name, kind, position) VALUES ('orders.9', 'projector', 4)`)
	there.grow(3)
	require.NoError(t, here.take(there.export()))
	require.Equal(t, string(there.export()), string(here.export()))

	here.grow(1)
	require.NoError(t, there.take(here.export()))
	require.EqualValues(t, 4, there.value(`SELECT position FROM consumers WHERE name = 'orders.9'`), "a read model follows the same log")
}

func TestImport_emptyShop_isServedAfterwards(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		here := folder(t).migrate()
		require.NoError(t, there.take(here.export()))
		require.NoError(t, there.unfinished())
		require.Equal(t, string(here.export()), string(there.export()))
	})
}

// A store that was served before anything was written to it has checkpoints in a log that it will not have.
func TestImport_emptyButServedBefore_forgetsItsCheckpoints(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		there.migrate().serve()()
		require.NoError(t, there.take(folder(t).migrate().export()))
		there.serve()()
		require.EqualValues(t, 1, there.value(`SELECT count(DISTINCT log_id) FROM consumers WHERE kind <> 'task'`))
	})
}

func TestImport_adoptedLog_staysAppendOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, there place) {
		require.NoError(t, there.take(shop(t, folder(t), 1).export()))
		there.with(func(db database) {
			durable, _ := db.Durable()
			_, err := durable.ExecContext(t.Context(), `UPDATE log SET log_id = log_id`)
			require.ErrorContains(t, err, "append-only")
		})
	})
}

// appending lets the shop go on in the middle of an export.
type appending struct {
	bytes.Buffer
	once func()
}

func (a *appending) Write(p []byte) (int, error) {
	a.once()
	a.once = func() {}
	return a.Buffer.Write(p)
}

func TestExport_besideARunningShop_isOneSnapshot(t *testing.T) {
	everywhere(t, func(t *testing.T, here place) {
		shop(t, here, 400)
		before := here.export()
		here.with(func(db database) {
			store := eventstore.New(db.Driver())
			durable, _ := db.Durable()
			var file appending
			file.once = func() {
				require.NoError(t, grow(t.Context(), store))
				_, err := durable.ExecContext(t.Context(), `UPDATE consumers SET position = 1`)
				require.NoError(t, err)
			}
			_, err := program.Export(t.Context(), here.config, &file)
			require.NoError(t, err)
			require.Equal(t, string(before), file.String())
			require.NoError(t, store.Close())
		})
		require.NotEqual(t, string(before), string(here.export()))
	})
}

func TestExport_unfinishedImport_isRefused(t *testing.T) {
	here, there := shop(t, folder(t), 1), folder(t)
	file := here.export()
	require.ErrorIs(t, there.take(file[:len(file)-1]), transfer.ErrDamaged)
	_, err := program.Export(t.Context(), there.config, io.Discard)
	require.ErrorIs(t, err, transfer.ErrUnfinished)
}

func TestExport_readerGone_isAnError(t *testing.T) {
	here := shop(t, folder(t), 1)
	_, err := program.Export(t.Context(), here.config, full{})
	require.ErrorIs(t, err, errFull)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = program.Export(ctx, here.config, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
}

type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestExport_textThatIsNotUTF8_isRefused(t *testing.T) {
	here := shop(t, folder(t), 1)
	here.exec(`UPDATE mailbox SET body = CAST(x'ff' AS text)`)
	_, err := program.Export(t.Context(), here.config, io.Discard)
	require.ErrorContains(t, err, "mailbox")
	require.ErrorContains(t, err, "UTF-8")
}

func TestExport_notAShop_saysSo(t *testing.T) {
	dir := t.TempDir()
	_, err := program.Export(t.Context(), program.Config{Data: dir}, io.Discard)
	require.ErrorContains(t, err, "there is no log.db in "+dir)
	require.True(t, strings.HasSuffix(err.Error(), dir), "nobody is told to migrate a folder in which no shop is")
}
