package play

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"orac/runbook/scenario"
)

// network is a network namespace with only a loopback. Sockets and processes that are created in it stay in it, and it
// disappears with the last of them. There is nothing to undo.
type network struct{ ask chan func() }

// separate creates a network. The thread inside it returns to its original network at the end, and never ends itself: that would
// also end the processes that it has started, in this network or before.
func separate() (*network, error) {
	n := &network{make(chan func())}
	made := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Unshare(unix.CLONE_NEWNET)
		}
		if err != nil {
			runtime.UnlockOSThread() // it has not left its network
			made <- fmt.Errorf("cannot make a network namespace: %w; run it as root", err)
			return
		}
		made <- link(true)
		for f := range n.ask {
			f()
		}
		if err := unix.Setns(home, unix.CLONE_NEWNET); err != nil {
			select {} // a thread in an unknown network must not be reused
		}
		_ = unix.Close(home)
		runtime.UnlockOSThread()
	}()
	err := <-made
	return n, err
}

// within calls f in the network.
func (n *network) within(f func() error) error {
	done := make(chan error)
	n.ask <- func() { done <- f() }
	return <-done
}

func (n *network) close() { close(n.ask) }

// link sets the loopback of the calling thread's network up or down.
func link(up bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		return err
	}
	flags := r.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	r.SetUint16(flags)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
}

// separable tells whether this machine can provide a network of its own.
func separable() error {
	n, err := separate()
	n.close()
	return err
}

// separated tells whether a scenario takes the network of its appliance away.
func separated(sc *scenario.Scenario) bool { return sc.Uses(scenario.NetDown) }

func unlink(w *World, _ occurrence) (*broken, error) {
	set := func(up bool) func() error {
		return func() error { return w.network.within(func() error { return link(up) }) }
	}
	return &broken{apply: set(false), undo: set(true)}, nil
}
