package virtual

import (
	"encoding/binary"

	"orac/appliance/rt"
)

// The trace's hash is 64-bit FNV-1a over the records in the form that AppendRecord writes.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// AppendRecord appends the binary form of a record, which is the same on every architecture. All numbers are little-endian:
//
//	8 bytes  At, nanoseconds, signed
//	4 bytes  length of Task, and so many bytes of it
//	4 bytes  length of What, and so many bytes of it
//	4 bytes  number of Args, and 8 bytes for each, signed
func AppendRecord(b []byte, r rt.Record) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(r.At))
	b = appendText(b, r.Task)
	b = appendText(b, r.What)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Args)))
	for _, a := range r.Args {
		b = binary.LittleEndian.AppendUint64(b, uint64(a))
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
}

// Trace implements rt.Driver.
func (d *Driver) Trace(r rt.Record) {
	var few [256]byte
	h := d.hash
	for _, c := range AppendRecord(few[:0], r) {
		h = (h ^ uint64(c)) * fnvPrime
	}
	d.hash = h
	if d.records != nil {
		d.records(r)
	}
}

// Hash returns the hash of the trace so far.
func (d *Driver) Hash() uint64 { return d.hash }
