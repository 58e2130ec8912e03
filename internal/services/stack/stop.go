package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

const (
	// stopAtMost is more than the copies and the servers take for themselves before they are killed.
	stopAtMost = 90 * time.Second
	askEvery   = 50 * time.Millisecond
)

// stop ends the stack and returns when nothing of it is left but the logs.
func stop(f folder) error {
	if _, err := os.Stat(string(f)); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("No stack is running.")
		return nil
	}
	told := false
	for deadline := time.Now().Add(stopAtMost); time.Now().Before(deadline); time.Sleep(askEvery) {
		lock, err := f.lock()
		if err != nil {
			return err
		}
		if lock != nil { // nobody else has it: what held it is gone
			if told {
				fmt.Printf("The stack has ended. Its logs are in %s until the next start.\n", f)
			} else {
				fmt.Println("No stack is running.")
			}
			return lock.Close()
		}
		if !told {
			told = f.tellToStop() == nil // else a holder that is just beginning will read it soon
		}
	}
	return fmt.Errorf("the stack has not ended after %v; look at %s", stopAtMost, f.log("holder"))
}
