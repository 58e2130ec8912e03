package app

import "context"

// Waiting is how many commands are in line.
func (q *Queue) Waiting() int { return len(q.waiting) }

// LookAt makes a decision depend on a product.
func LookAt(d *Decision, sku string) { products.state(d, sku) }

// FireDue fires what is due now, page by page.
func (t *Timers) FireDue(ctx context.Context) error {
	for {
		if more, err := t.fireDue(ctx); err != nil || !more {
			return err
		}
	}
}
