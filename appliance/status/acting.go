package status

import "time"

// Topic is a topic that acts here. Counts are since the start.
type Topic struct {
	Name      string `json:"name"`
	Enabled   bool   `json:"enabled"`
	Sentences int    `json:"sentences"` // templates that it understands
	Problems  int    `json:"problems"`  // of its sentences: orac validate and the console tell them
	Waiting   int    `json:"waiting"`   // texts
	Asked     int    `json:"asked"`
	Timers    int    `json:"timers"`          // that run; paused ones do not count
	Learnt    int    `json:"learnt"`          // answers of a language model that are used again
	Error     string `json:"error,omitempty"` // why the disk does not keep what was asked
	Last      *Deed  `json:"last,omitempty"`
}

// Deed is a text and what came of it.
type Deed struct {
	At     time.Time `json:"at"` // when the text came
	Text   string    `json:"text"`
	Result string    `json:"result"` // done, unproven, unknown, failed, unclear, refused
	Reason string    `json:"reason,omitempty"`
}

// Backend is who carries commands out. Counts are since the start.
type Backend struct {
	Name      string `json:"name"`
	Protocol  string `json:"protocol"`
	Connected bool   `json:"connected"`
	Version   string `json:"version,omitempty"` // of the program
	Error     string `json:"error,omitempty"`
	Entities  int    `json:"entities"` // that sentences may name
	Done      int    `json:"done"`     // calls that are proven
	Failed    int    `json:"failed"`
	Unknown   int    `json:"unknown"` // whose answer did not come
}

// Model is a language model. Counts are since the start.
type Model struct {
	Name     string `json:"name"`
	Waiting  int    `json:"waiting"` // questions
	Asked    int    `json:"asked"`
	Rejected int    `json:"rejected"` // answers that named something which does not exist
	Error    string `json:"error,omitempty"`
}
