// Package server starts private PostgreSQL, RabbitMQ and Redis servers from what is installed on this machine: each on
// free loopback ports, in a temporary folder, with a random password, and never as root.
//
// It is for tests, benchmarks and a developer's own stack. It is not for production: nothing here survives its process,
// because a guard outside the process ends every server and removes its folder when the process ends, however it ends.
package server
