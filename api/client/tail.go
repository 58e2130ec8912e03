package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ordermill/api/v1"
)

// Filter says which events are asked for; zero values ask for all.
type Filter struct {
	After  int64    // position to go on after
	Types  []string // event types
	Stream string   // one stream
}

func (f Filter) query(limit int) url.Values {
	query := url.Values{}
	if f.After > 0 {
		query.Set("after", strconv.FormatInt(f.After, 10))
	}
	if len(f.Types) > 0 {
		query.Set("types", strings.Join(f.Types, ","))
	}
	if f.Stream != "" {
		query.Set("stream", f.Stream)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	return query
}

// Timing of Tail.
const (
	firstPause  = 200 * time.Millisecond
	longestWait = 5 * time.Second
	silence     = 45 * time.Second // three pings are missing: the connection is dead
)

// Tail calls handle for every event that matches, in order and each once: those that the log holds, then what is appended.
// When the connection is lost it resumes after the last event it has handled. It ends with handle's error, with ctx's, or
// with the server's problem if the request itself is wrong.
func (c *Client) Tail(ctx context.Context, f Filter, handle func(v1.Event) error) error {
	pause := firstPause
	for {
		before := f.After
		err := c.follow(ctx, &f, handle)
		var refused *v1.Problem
		var stop *handlerError
		switch {
		case errors.As(err, &stop):
			return stop.err
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &refused) && !refused.Retryable:
			return refused
		}
		if f.After > before {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestWait)
	}
}

// handlerError parts what the handler says from what the connection says.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }

// follow reads one connection until it ends.
func (c *Client) follow(ctx context.Context, f *Filter, handle func(v1.Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/v1/events/stream?"+f.query(0).Encode(), nil)
	if err != nil {
		return &handlerError{err}
	}
	if f.After > 0 {
		request.Header.Set("Last-Event-ID", strconv.FormatInt(f.After, 10))
	}
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(response.Body) // half a problem is an error too
		return problem(request, response, raw)
	}
	lines := bufio.NewReader(response.Body)
	var data strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		alive.Reset(silence)
		line = strings.TrimRight(line, "\r\n")
		if text, ok := strings.CutPrefix(line, "data:"); ok {
			data.WriteString(strings.TrimPrefix(text, " "))
			continue
		}
		if line != "" || data.Len() == 0 { // the id is in the data too; comments are pings
			continue
		}
		var event v1.Event
		if err := json.Unmarshal([]byte(data.String()), &event); err != nil {
			return fmt.Errorf("the event stream is not what this client expects: %w", err)
		}
		data.Reset()
		if err := handle(event); err != nil {
			return &handlerError{err}
		}
		f.After = event.Position
	}
}
