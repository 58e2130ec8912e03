// Package inventory holds the rules of one SKU's stock: what is on hand, and for which order it is held.
//
// Stock is held in two phases. A reservation is soft until its expiry; securing it, once the order is paid, makes it hard. An
// overdue reservation counts against nobody, whether or not anything has noticed yet: the next decision on its SKU expires it
// first. Orders hold all their lines or none: ReserveAll, SecureAll and ReleaseAll decide over several SKUs at once.
//
// Orders and money are not known here; checkout brings them together.
package inventory
