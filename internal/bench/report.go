package main

import (
	"fmt"
	"slices"
)

// bound is what a ratio must keep and what we aim for, if anything; the zero bound is only reported.
type bound struct {
	atMost    bool // lower is better
	must, aim float64
}

func (b bound) String() string {
	if b.must == 0 {
		return ""
	}
	text := fmt.Sprintf("at least %.1f", b.must)
	if b.atMost {
		text = fmt.Sprintf("at most %.1f", b.must)
	}
	if b.aim != 0 {
		text += fmt.Sprintf(", aim %.1f", b.aim)
	}
	return text
}

// verdict is about the median ratio; a miss is reported, not explained away.
func (b bound) verdict(ratio float64) string {
	keeps := func(limit float64) bool { return b.atMost && ratio <= limit || !b.atMost && ratio >= limit }
	switch {
	case b.must == 0:
		return ""
	case b.aim != 0 && keeps(b.aim):
		return "aim reached"
	case keeps(b.must):
		return "kept"
	default:
		return "MISSED"
	}
}

// line is one row of the table; ours and theirs go by round.
type line struct {
	what, unit   string
	ours, theirs []float64
	bound        bound
}

const layout = "%-62s %10s %10s %-9s %7s %13s  %-26s %s\n"

func heading() string {
	return fmt.Sprintf(layout, "median of rounds", "ours", "baseline", "", "ratio", "lowest..highest", "bound", "")
}

func (l line) String() string {
	ratios := make([]float64, len(l.ours))
	for i := range l.ours {
		ratios[i] = l.ours[i] / l.theirs[i]
	}
	ratio := median(ratios)
	return fmt.Sprintf(layout, l.what, number(median(l.ours)), number(median(l.theirs)), l.unit, fmt.Sprintf("%.2f", ratio),
		fmt.Sprintf("%.2f..%.2f", slices.Min(ratios), slices.Max(ratios)), l.bound, l.bound.verdict(ratio))
}

func number(v float64) string { return fmt.Sprintf("%.0f", v) }
