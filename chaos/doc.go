// Package chaos breaks the real world of a real appliance, and sees what comes of it.
//
// It guarantees that only processes are signalled that it started, or that those started; that nothing outside of the folders
// that it made is written; that every fault can be taken back, any number of times, whether it came about or not; and that
// closing a Rig leaves no process, no mount and no folder, whatever state they are in.
package chaos
