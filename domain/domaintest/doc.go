// Package domaintest is Given, When, Then for deciders: what happened, what is asked, what comes of it.
//
// Beside the expectation each case checks what every decider promises: deciding changes no state and comes out the same twice,
// and a state survives being written as JSON, as read models do. It is for tests alone.
package domaintest
