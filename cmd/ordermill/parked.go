package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordermill/api/client"
	"ordermill/api/v1"
)

type parkedCommand struct {
	List  listParkedCommand  `cmd:"" help:"List the keys that consumers could not handle."`
	Retry retryParkedCommand `cmd:"" help:"Replay what was skipped for a parked key, and tell what came of it."`
}

type listParkedCommand struct{}

// Run lists every parked key.
func (c *listParkedCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	keys, err := parkedKeys(s.ctx, server)
	if err != nil {
		return err
	}
	rows := [][]string{{"CONSUMER", "KEY", "SKIPPED", "ATTEMPTS", "PARKED AT", "ERROR"}}
	for _, k := range keys {
		if s.json {
			s.print(k)
		}
		rows = append(rows, []string{k.Consumer, k.Key, number(k.Skipped), number(k.Attempts), clock(k.ParkedAt), k.Error})
	}
	if s.json {
		return nil
	}
	return s.table(rows)
}

// parkedKeys fetches every page.
func parkedKeys(ctx context.Context, server *client.Client) (all []v1.ParkedKey, err error) {
	for cursor := ""; ; {
		page, err := server.Parked(ctx, 200, cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			return all, nil
		}
		cursor = *page.NextCursor
	}
}

type retryParkedCommand struct {
	Consumer string `arg:"" help:"Consumer, as parked list names it."`
	Key      string `arg:"" help:"Key, as parked list names it."`
}

// Bounds of the wait for what comes of a retry: who owns the consumer looks once a second.
const (
	retriedWithin = 10 * time.Second
	lookAgain     = 200 * time.Millisecond
)

// Run asks for the retry and waits until it is done.
func (c *retryParkedCommand) Run(s *session) error {
	server := s.client()
	defer server.Close()
	asked, err := server.RetryParked(s.ctx, c.Consumer, c.Key)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(s.ctx, retriedWithin)
	defer stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		keys, err := parkedKeys(ctx, server)
		if err != nil {
			return err
		}
		still := find(keys, c.Consumer, c.Key)
		switch {
		case still == nil:
			return s.say(asked, "%s goes on with %s", c.Consumer, c.Key)
		case still.Asked == "":
			return fmt.Errorf("%s still cannot handle %s, in attempt %d: %s", c.Consumer, c.Key, still.Attempts, still.Error)
		}
		select {
		case <-ctx.Done():
			return &exitError{exitUnavailable, errors.New("the retry is asked for, but nobody has done it yet; see: ordermill parked list")}
		case <-again.C:
		}
	}
}

func find(keys []v1.ParkedKey, consumer, key string) *v1.ParkedKey {
	for i := range keys {
		if keys[i].Consumer == consumer && keys[i].Key == key {
			return &keys[i]
		}
	}
	return nil
}
