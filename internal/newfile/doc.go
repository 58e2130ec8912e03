// Package newfile makes a file that is there whole, and on disk, or not at all. It writes over nothing.
package newfile
