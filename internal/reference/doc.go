// Command reference writes what is made from the code's own text: in docs, the catalogue of events and the glossary; for
// messaging/asyncapi, what each event means. `make generate` runs it in the module's root; a test fails while a page is not
// what it would write.
//
// What an event means stands once, in the comment of its struct; a sample of it is its golden file. Pages that say how and why
// are written by hand, and no business of this program. It reads source and runs nothing of the shop.
package main
