package main

import "ordermill/app"

type versionCommand struct{}

// Run prints which build this is.
func (c *versionCommand) Run(s *session) error {
	return s.say(map[string]string{"version": app.Version()}, "ordermill %s", app.Version())
}
