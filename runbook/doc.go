// Package runbook is the vocabulary of orac.hcl: which blocks there are, what they become, and what somebody may change over the
// network. Package runbook/language reads it.
//
// It guarantees:
//
//   - The registry (Registry) is the only description of the blocks. A test proves that the Go types agree with it, field for
//     field.
//   - A Runbook is immutable. Every default is filled in, every reference names an existing block, and the rules between blocks
//     hold.
//   - Judge lets nothing into force over the network that needs more power over the machine than the running runbook has.
//
// It knows no runtime: nothing here opens a device, a model or a socket.
package runbook
