package memo

import "fmt"

// Kind says which inference a run used, for its report.
type Kind string

const (
	KindReal     Kind = "real"
	KindMemoised Kind = "real, memoised by input"
	KindRecorded Kind = "recorded from real"
	KindModelled Kind = "modelled"
)

// Stats are what a Memo has done so far.
type Stats struct {
	Features Counts `json:"features"`
	Scores   Counts `json:"scores"`
	Voices   Counts `json:"voices"`
	// Replayed counts the hops that an extractor heard again to get into step.
	Replayed uint64 `json:"replayed"`
	// Bypassed counts the heads and gates that were opened and cannot be memoised.
	Bypassed uint64 `json:"bypassed"`
}

// Stats may be called at any time.
func (m *Memo) Stats() Stats {
	return Stats{
		Features: m.features.table.counts(), Scores: m.scores.table.counts(), Voices: m.voices.table.counts(),
		Replayed: m.features.replayed.Load(), Bypassed: m.bypassed.Load(),
	}
}

// String describes the counts, for the report.
func (s Stats) String() string {
	f := s.Features
	if f.Hits+f.Misses == 0 {
		return "no hop was heard"
	}
	text := fmt.Sprintf("%.2f %% of %d hops were known; the networks ran for %d", 100*float64(f.Hits)/float64(f.Hits+f.Misses), f.Hits+f.Misses, f.Misses)
	if s.Bypassed > 0 {
		text += fmt.Sprintf("; %d heads and gates ran for every hop", s.Bypassed)
	}
	return text
}
