// Package peertest is what the tests of servers for peers have in common: a runbook with people and accounts, a guard and an audit log,
// those who ask, and listeners with clients that misbehave.
package peertest
