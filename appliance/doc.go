// Package appliance compiles a runbook into the runtime graph and keeps it running.
//
// It guarantees:
//
//   - The graph is a function of the runbook only: the same runbook makes the same graph, in the same order.
//   - Every node runs as its own instance. An instance that fails is restarted, after a pause that grows while it keeps
//     failing. No other node is touched, and what waits in its mailboxes keeps waiting.
//   - Webhooks, speech-to-text services, heartbeats and history are beside the way from sound to detection: none of them
//     can make it wait.
//   - When the appliance is told to stop, everything recorded is in the spool before it ends.
//
// Node code is in appliance/node, on the runtime seam of appliance/rt. This package knows which nodes there are and how
// they are connected. Parts is all that it needs from the world.
package appliance
