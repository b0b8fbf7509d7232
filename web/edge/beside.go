package edge

import (
	"errors"
	"fmt"
	"net"
	"slices"

	"orac/appliance/health"
	"orac/runbook"
)

// Check implements appliance.Beside.
func (h *Host) Check(rb *runbook.Runbook) error { return h.CheckBeside(rb, nil) }

// CheckBeside is Check for one of several servers of a process: the ports of ours are free for another of them, if the runbook wants
// it so.
func (h *Host) CheckBeside(rb *runbook.Runbook, ours []string) error {
	w := h.of(rb)
	if w.Listen == "" {
		return nil
	}
	if w.TLS.Cert != "" { // a self-signed one is made when needed
		if _, _, err := openCertificate(w.TLS, h.StateDir, h.Log); err != nil {
			return fmt.Errorf("%s: tls: %w", h.component(), err)
		}
	}
	h.mu.Lock()
	mine := h.running != nil && SamePort(h.running.listen, w.Listen)
	h.mu.Unlock()
	mine = mine || slices.ContainsFunc(ours, func(a string) bool { return SamePort(a, w.Listen) })
	if mine { // it makes room for itself
		return nil
	}
	l, err := net.Listen("tcp", w.Listen)
	if err != nil {
		return fmt.Errorf("%s: listen: %w", h.component(), bare(err))
	}
	return l.Close()
}

// Accept implements appliance.Beside. Before there is a server, nobody asks over the network.
func (h *Host) Accept(rb *runbook.Runbook) error {
	h.mu.Lock()
	s := h.site
	h.mu.Unlock()
	if s == nil {
		return nil
	}
	return s.Accept(rb)
}

// SamePort tells whether two addresses to listen at have the same port: then only one of them can be had.
func SamePort(a, b string) bool {
	_, p, err1 := net.SplitHostPort(a)
	_, q, err2 := net.SplitHostPort(b)
	return err1 == nil && err2 == nil && p == q
}

// bare returns an error of listening without the part that the caller adds.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("%s: %w", op.Addr, op.Err)
	}
	return err
}

// Listeners implements appliance.Beside.
func (h *Host) Listeners() []health.Listener {
	why, known := h.Trouble()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !known || !h.wanted {
		return nil
	}
	if why != "" {
		why = "the " + h.title() + " is not served: " + why
	}
	return []health.Listener{{Component: h.component(), Why: why}}
}

// Trouble tells why the server cannot be used, "" if it can or is not wanted, and whether that is known yet.
func (h *Host) Trouble() (why string, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed, h.tried
}

// Shut says that the server will never run, and why. It is called instead of Run.
func (h *Host) Shut(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed, h.tried = why.Error(), true
}
