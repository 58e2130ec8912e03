package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ordermill/api/client"
)

// What differs from one shop to the next: ids, times and cursors.
var differing = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+Z|"next_cursor":"[^"]+"`)

// TestREADME_tryIt runs every command under "Try it", in order, and holds its answer against the one printed below it.
func TestREADME_tryIt(t *testing.T) {
	t.Parallel()
	readme := openPage(t, "../../README.md")
	shop := readme.at(usualAddr, dev(t, t.TempDir()).ready())
	answers := 0
	readme.run("Try it", func(b block, out string) {
		if b.answer != "" {
			require.JSONEq(t, normal(b.answer), normal(out), b.commands)
			answers++
		}
		eventually(t, func() error { return quiet(t, shop.Client) }) // who types is slower than the shop
	})
	require.Greater(t, answers, 8)
	readme.finish()
}

// normal is a text without what differs.
func normal(text string) string {
	return differing.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, `"next_cursor"`) {
			return `"next_cursor":"CURSOR"`
		}
		if strings.Contains(found, "T") {
			return "TIME"
		}
		return "ID"
	})
}

// quiet returns an error while a consumer has not reached the head of the log, or a rebuild runs.
func quiet(t *testing.T, c *client.Client) error {
	log := events(t, c)
	consumers, err := c.Consumers(t.Context())
	for _, consumer := range consumers {
		if consumer.Kind == "reactor" && consumer.Checkpoint != log[len(log)-1].Position {
			return fmt.Errorf("%s is at %d of %d", consumer.Name, consumer.Checkpoint, len(log))
		}
	}
	if err != nil {
		return err
	}
	models, err := c.Projections(t.Context())
	for _, m := range models {
		if m.Status != "live" || m.Lag != 0 {
			return fmt.Errorf("%s is %s, %d behind", m.Name, m.Status, m.Lag)
		}
	}
	return err
}

func TestREADME_answersAreJSON(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for _, block := range fenced.FindAllStringSubmatch(string(readme), -1) {
		require.True(t, block[1] != "json" || json.Valid([]byte(block[2])), block[2])
	}
}
