package app

import "runtime/debug"

// release is the version that the linker was told (-X ordermill/app.release=v1.2.3), for builds that see no version control,
// such as that of deploy/Dockerfile. It must stay a variable without a value: the linker sets no other.
var release string

// appVersion travels in every event's metadata: the program that decided it, as the linker was told or the Go toolchain recorded.
var appVersion = func() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}()

// Version is the program's version.
func Version() string { return appVersion }
