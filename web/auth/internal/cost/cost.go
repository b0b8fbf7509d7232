// Package cost says how much work a new hash of a password or a key is.
package cost

// Usual is a cost of bcrypt: about 250 ms on the machines of 2025.
const Usual = 12

// New is the cost of new hashes: Usual, except in tests that do not depend on it. With the race detector a hash takes seconds.
var New = Usual
