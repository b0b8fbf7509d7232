// Package thread ties together what belongs to one command, on all machines that have a part in it, for traces.
//
// The thread is the ID of the request (X-Request-ID), which goes along from the listener to the backend. The ID of a trace is made from it,
// so every ORAC on the way makes the same one without having been told. A program that is no ORAC tells it in the header traceparent, as
// https://www.w3.org/TR/trace-context/ says; then that one counts. The IDs of steps are made from the trace, the appliance and the step, so
// whoever makes a call knows the ID of the step that it belongs to before anybody has recorded it.
//
// Nothing here is random, and nothing is kept.
package thread

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// TraceID names a trace, and StepID one of its steps. Those with zeros alone are none.
type (
	TraceID [16]byte
	StepID  [8]byte
)

func (i TraceID) String() string { return hex.EncodeToString(i[:]) }
func (i StepID) String() string  { return hex.EncodeToString(i[:]) }

// Thread is what a request brings along, and what goes along with the calls that are made for it.
type Thread struct {
	ID     string // of the request; "" for none
	Parent string // the step that it belongs to, as a traceparent; "" if nobody told
}

// Trace is the trace that everything of the thread belongs to.
func (h Thread) Trace() TraceID {
	if p, ok := Parse(h.Parent); ok {
		return p.Trace
	}
	if id, ok := traceIDOf(h.ID); ok { // of a program that gave its trace and no other ID: see RequestID
		return id
	}
	sum := sha256.Sum256([]byte("orac request " + h.ID))
	return TraceID(sum[:16])
}

// Step is the ID of a step of the thread. origin is the appliance that takes it: two may take steps of the same name.
func (h Thread) Step(origin, step string) StepID {
	id := h.Trace()
	sum := sha256.Sum256([]byte(string(id[:]) + origin + "\x00" + step))
	return StepID(sum[:8])
}

// Sampling says of which threads an appliance records its steps. The zero value is: of none, and what peers tell is passed on.
type Sampling struct {
	Origin string // the name of the appliance
	On     bool
	Ratio  float64 // of the threads about which no peer has decided, 0 to 1
}

// Takes tells whether the steps of a thread are recorded. The peer that began a trace decides; where none has, the ID of the trace does, as
// in OpenTelemetry's TraceIDRatioBased: so all machines with the same ratio record the same traces, whole.
func (s Sampling) Takes(h Thread) bool {
	if !s.On {
		return false
	}
	if p, ok := Parse(h.Parent); ok {
		return p.Sampled
	}
	id := h.Trace()
	return s.Ratio >= 1 || binary.BigEndian.Uint64(id[8:])>>1 < uint64(s.Ratio*(1<<63))
}

// Onward is the thread that goes along with a call that is made in a step.
func (s Sampling) Onward(h Thread, step string) Thread {
	if s.On && (h.ID != "" || h.Parent != "") {
		h.Parent = Parent{h.Trace(), h.Step(s.Origin, step), s.Takes(h)}.String()
	}
	return h
}
