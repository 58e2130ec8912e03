// Command reference writes what is made from the code: in docs, the catalogue of events, the glossary and the state machines; for
// messaging/asyncapi, what each event means. `make generate` runs it in the module's root; a test fails while a page is not
// what it would write.
//
// What an event means stands once, in the comment of its struct; a sample of it is its golden file. State machines are found by
// exploring the rules: they are pure, so all that can happen to a small shop can be tried. Pages that say how and why are written
// by hand, and no business of this program. Beside the rules it runs nothing of the shop.
package main
