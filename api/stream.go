package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"ordermill/eventstore"
)

// Timing of event streams.
const (
	pingEvery    = 15 * time.Second // so that both sides and all between notice a dead connection
	pollEvery    = time.Second      // other processes append too, and their notice may be lost
	writeAtMost  = 10 * time.Second // a reader that takes nothing for so long is gone
	streamAtOnce = 500              // records between two looks at whether to go on
)

// stream sends the log from f.After on, and then what is appended, until the reader leaves or the server stops.
// It is our own because huma's knows no heartbeat, and its deadlines are its own because the server's would end it.
func (a *API) stream(ctx huma.Context, f Filter) {
	c := humagin.Unwrap(ctx)
	w := &eventWriter{ResponseWriter: c.Writer, control: http.NewResponseController(c.Writer)}
	grown, stop := a.Events.Watch() // before the first look: what comes in between is not missed
	defer stop()
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // a proxy that would keep events back
	c.Status(http.StatusOK)
	if w.comment("open") != nil {
		return
	}
	poll, ping := time.NewTicker(pollEvery), time.NewTicker(pingEvery)
	defer poll.Stop()
	defer ping.Stop()
	scan := a.scan(f)
	for {
		if err := a.sendNew(ctx, w, scan); err != nil {
			return // the reader is gone, or will come back with Last-Event-ID when the store is
		}
		select {
		case <-ctx.Context().Done():
			return
		case <-a.stopping.Done():
			return
		case <-ping.C:
			if w.comment("ping") != nil {
				return
			}
		case <-grown:
		case <-poll.C:
		}
	}
}

// sendNew sends everything that the log holds and the reader has not seen.
func (a *API) sendNew(ctx huma.Context, w *eventWriter, scan *scan) error {
	for a.stopping.Err() == nil {
		before := scan.after
		records, err := scan.next(ctx.Context(), streamAtOnce)
		if err != nil {
			return err
		}
		if err := w.events(records); err != nil {
			return err
		}
		if scan.after == before {
			return nil
		}
	}
	return a.stopping.Err()
}

// eventWriter writes Server-Sent Events (WHATWG HTML, section 9.2), each write with a deadline of its own.
type eventWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w *eventWriter) events(records []eventstore.Record) error {
	if len(records) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, r := range records {
		fmt.Fprintf(&b, "id: %d\ndata: ", r.Position) // no event name: a browser's onmessage shall get every type
		encoder := json.NewEncoder(&b)                // it ends each value with a newline, and writes none inside
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(event(r)); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	return w.send(b.Bytes())
}

func (w *eventWriter) comment(text string) error { return w.send([]byte(": " + text + "\n\n")) }

func (w *eventWriter) send(text []byte) error {
	if err := w.control.SetWriteDeadline(time.Now().Add(writeAtMost)); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.control.Flush()
}
