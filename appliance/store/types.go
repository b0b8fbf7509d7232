package store

import "orac/appliance/record"

// Counts is how many rows of each kind there are.
type Counts struct {
	Detections, Utterances, Lost, Transcripts int
	Deliveries                                map[record.Outcome]int
}

// SetAside is a damaged database that was moved out of the way.
type SetAside struct {
	Path string // where it is now
	Why  error
}
