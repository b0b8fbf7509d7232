package thread

import "encoding/hex"

// Header is the name of the header that carries a Parent, as the keys of a header map are written.
const Header = "Traceparent"

// Parent is what a traceparent says.
type Parent struct {
	Trace   TraceID
	Step    StepID
	Sampled bool
}

// parentLen is the length of a traceparent of version 00: 00-TRACE-STEP-FLAGS.
const parentLen = 55

// Parse reads a traceparent; false for anything that is not one. Later versions may only append to it.
func Parse(s string) (p Parent, ok bool) {
	if len(s) < parentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' || len(s) > parentLen && s[parentLen] != '-' {
		return p, false
	}
	var version, flags [1]byte
	if !unhex(version[:], s[:2]) || !unhex(p.Trace[:], s[3:35]) || !unhex(p.Step[:], s[36:52]) || !unhex(flags[:], s[53:parentLen]) {
		return Parent{}, false
	}
	if version[0] == 0xff || version[0] == 0 && len(s) > parentLen || p.Trace == (TraceID{}) || p.Step == (StepID{}) {
		return Parent{}, false
	}
	p.Sampled = flags[0]&1 != 0
	return p, true
}

// unhex reads small hexadecimal letters, the only ones that a traceparent may have.
func unhex(to []byte, s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	n, err := hex.Decode(to, []byte(s))
	return err == nil && n == len(to)
}

// String is the traceparent.
func (p Parent) String() string {
	flags := "00"
	if p.Sampled {
		flags = "01"
	}
	return "00-" + p.Trace.String() + "-" + p.Step.String() + "-" + flags
}

// Given is the parent that a request brings in its header: in our own words, or "" if it is none.
func Given(header string) string {
	if p, ok := Parse(header); ok {
		return p.String()
	}
	return ""
}

// RequestID is the ID of a request that brings a parent and no ID: that of its trace, so that logs and traces name the same.
func RequestID(parent string) string {
	if p, ok := Parse(parent); ok {
		return p.Trace.String()
	}
	return ""
}

// traceIDOf is the trace that an ID names; false if it is another ID.
func traceIDOf(id string) (t TraceID, ok bool) {
	ok = len(id) == 2*len(t) && unhex(t[:], id) && t != TraceID{}
	return t, ok
}
