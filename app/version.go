package app

import "runtime/debug"

// appVersion travels in every event's metadata: the program that decided it, as the Go toolchain recorded it.
var appVersion = func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}()

// Version is the program's version.
func Version() string { return appVersion }
