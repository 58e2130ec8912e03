package app

// Waiting is how many commands are in line.
func (q *Queue) Waiting() int { return len(q.waiting) }

// LookAt makes a decision depend on a product.
func LookAt(d *Decision, sku string) { products.state(d, sku) }
