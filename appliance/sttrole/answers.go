package sttrole

import (
	"crypto/sha256"
	"encoding/binary"

	"orac/appliance/rt"
)

// Answers are what was answered lately, so that a repeated utterance is answered as before. Its zero value is empty.
type Answers struct {
	by    map[name]answer
	order []name
}

// name is what a peer calls an utterance.
type name struct{ peer, id string }

type answer struct {
	of    Fingerprint
	heard Heard
	at    rt.Instant
}

const (
	mostAnswers = 512
	// answersFor is longer than a client tries to send the same utterance again after an outage, in nanoseconds.
	answersFor = rt.Instant(24 * 3600 * 1e9)
)

// Fingerprint stands for a sound.
type Fingerprint [16]byte

// Of is the fingerprint of a sound.
func Of(pcm []int16) (f Fingerprint) {
	h := sha256.New()
	var b [2048]byte
	for len(pcm) > 0 {
		n := min(len(pcm), len(b)/2)
		for i, s := range pcm[:n] {
			binary.LittleEndian.PutUint16(b[2*i:], uint16(s))
		}
		h.Write(b[:2*n])
		pcm = pcm[n:]
	}
	copy(f[:], h.Sum(nil))
	return f
}

// Find is the answer to an utterance of a peer. Its error is a *ReusedError if the ID stood for another sound.
func (a *Answers) Find(now rt.Instant, peer, id string, sound Fingerprint) (h Heard, found bool, err error) {
	x, ok := a.by[name{peer, id}]
	switch {
	case id == "" || !ok || now-x.at > answersFor:
		return h, false, nil
	case x.of != sound:
		return h, false, &ReusedError{id}
	}
	h = x.heard
	h.Repeated = true
	return h, true, nil
}

// Keep remembers an answer; the oldest is forgotten when there are too many.
func (a *Answers) Keep(now rt.Instant, peer, id string, sound Fingerprint, h Heard) {
	if id == "" {
		return
	}
	if a.by == nil {
		a.by = map[name]answer{}
	}
	key := name{peer, id}
	if _, there := a.by[key]; !there {
		a.order = append(a.order, key)
	}
	a.by[key] = answer{sound, h, now}
	for len(a.order) > mostAnswers {
		delete(a.by, a.order[0])
		a.order = a.order[1:]
	}
}
