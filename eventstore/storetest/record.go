package storetest

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Failures runs the suite without a test around it and returns the names of the checks that failed. It is how the suite
// is shown to reject a broken driver.
func Failures(ctx context.Context, open func(t T) Log) (failed []string) {
	for _, c := range checks() {
		r := &recorder{ctx: ctx}
		done := make(chan struct{})
		go func() { // FailNow ends the goroutine
			defer close(done)
			defer r.cleanup()
			c.run(r, open(r))
		}()
		<-done
		if r.failed {
			failed = append(failed, c.name)
		}
	}
	return failed
}

// recorder is a T that only remembers.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failed   bool
	cleanups []func()
}

func (*recorder) Helper()             {}
func (*recorder) Logf(string, ...any) {}

func (r *recorder) Errorf(string, ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) FailNow() {
	r.Errorf("")
	runtime.Goexit()
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) cleanup() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

func (r *recorder) Context() context.Context { return r.ctx }
