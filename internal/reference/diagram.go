package main

import (
	"fmt"
	"slices"
	"strings"
)

// edge is a change of status, and the event that says it. Before the first status, and after the last, there is "".
type edge struct{ From, To, Event string }

// group is statuses in one frame. What leaves all of them the same way is drawn as leaving the frame; the zero group is none.
type group struct {
	Name    string
	Members []string
}

func (g group) has(status string) bool { return slices.Contains(g.Members, status) }

// drawn is the edges with those that the whole group has as one.
func (g group) drawn(edges []edge) (all []edge) {
	for _, e := range edges {
		if g.has(e.From) && !g.has(e.To) && !slices.ContainsFunc(g.Members, func(member string) bool {
			return !slices.Contains(edges, edge{member, e.To, e.Event})
		}) {
			e.From = g.Name
		}
		if !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}

// mermaid writes a state diagram. Events that make the same change share an arrow; ends are statuses that nothing leaves.
func mermaid(edges []edge, g group, ends []string) string {
	var inside, outside []edge
	for _, e := range g.drawn(edges) {
		if g.has(e.From) && g.has(e.To) {
			inside = append(inside, e)
		} else {
			outside = append(outside, e)
		}
	}
	lines := []string{"stateDiagram-v2"}
	if len(inside) > 0 {
		lines = append(lines, fmt.Sprintf("    state %q as %s {", strings.ReplaceAll(g.Name, "_", " "), g.Name))
		for _, arrow := range arrows(inside) {
			lines = append(lines, "        "+arrow)
		}
		lines = append(lines, "    }")
	}
	for _, arrow := range arrows(outside) {
		lines = append(lines, "    "+arrow)
	}
	for _, end := range ends {
		lines = append(lines, "    "+end+" --> [*]")
	}
	return strings.Join(lines, "\n")
}

// arrows are one line for each pair of statuses, with all the events between them.
func arrows(edges []edge) (lines []string) {
	events := map[[2]string][]string{}
	var pairs [][2]string
	for _, e := range edges {
		pair := [2]string{e.From, e.To}
		if events[pair] == nil {
			pairs = append(pairs, pair)
		}
		events[pair] = append(events[pair], e.Event)
	}
	for _, pair := range pairs {
		lines = append(lines, fmt.Sprintf("%s --> %s: %s", named(pair[0]), named(pair[1]), strings.Join(events[pair], ", ")))
	}
	return lines
}

func named(status string) string {
	if status == "" {
		return "[*]"
	}
	return status
}

// ends are the statuses that nothing leaves.
func ends(edges []edge) (all []string) {
	for _, e := range edges {
		left := slices.ContainsFunc(edges, func(other edge) bool { return other.From == e.To })
		if e.To != "" && !left && !slices.Contains(all, e.To) {
			all = append(all, e.To)
		}
	}
	return all
}
