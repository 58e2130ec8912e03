// Command ordermill runs the order desk and talks to a running one.
//
// dev and serve start the process itself (internal/program does the wiring); migrate, backup, export and import work on a database;
// the other commands are clients of a process that runs and go through the REST interface like anybody else. Every command is a
// struct with a Run method in a file of its own name.
// Nothing here decides anything about orders.
package main
