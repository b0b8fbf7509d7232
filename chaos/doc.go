// Package chaos breaks the real world of a real appliance, and watches how it recovers.
//
// It guarantees that it signals only processes that it started, and their children; that it writes only into folders that it
// made; that every fault can be undone, any number of times, whether it took effect or not; and that closing a Rig leaves no
// process, no mount and no folder, whatever state they are in.
package chaos
