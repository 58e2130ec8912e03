package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"
)

// print writes a value as one line of JSON.
func (s *session) print(value any) {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // nobody reads: nothing to tell
}

// say writes the value as JSON, or the text for people.
func (s *session) say(value any, format string, args ...any) error {
	if s.json {
		s.print(value)
		return nil
	}
	_, err := fmt.Fprintf(s.Out, format+"\n", args...)
	return err
}

// note tells people how it goes, beside what is printed.
func (s *session) note(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Err, format+"\n", args...)
	return err
}

// table writes rows in columns.
func (s *session) table(rows [][]string) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// interactive reports whether progress may move on a line: a person looks at it, and did not ask for JSON.
func (s *session) interactive() bool {
	file, ok := s.Err.(*os.File)
	return ok && !s.json && term.IsTerminal(int(file.Fd()))
}

// clock is a time as people read it, in UTC like everything here.
func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// counted is so many of something, in words: "1 row", "3 rows".
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
