// Package jsondiff tells in which of their parts two JSON texts differ. The comparison of read models and the REST surface share
// it. It patches nothing, and it does not look for what was moved.
package jsondiff
