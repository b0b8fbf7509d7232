// Package appliance compiles a runbook into the runtime graph and keeps it running.
//
// It guarantees:
//
//   - The graph is a function of the runbook alone: the same runbook gives the same graph, in the same order.
//   - Every node runs as an instance of its own. One that fails is started again, after a pause that grows while it keeps
//     failing, and no other node is touched; what waits in its mailboxes waits on.
//   - Webhooks, speech-to-text services, heartbeats and history stand beside the way from sound to detection: none of them
//     can make it wait.
//   - When the appliance is told to stop, what has been recorded is in the spool before it ends.
//
// Node code is in appliance/node, on the runtime seam of appliance/rt; this package knows which nodes there are and how
// they are connected, and Parts is all that it asks of the world.
package appliance
