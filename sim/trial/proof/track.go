package proof

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"orac/appliance/audio"
)

// Track is what a microphone has produced, sample by sample, for the last half hour. Its methods are safe for concurrent use.
type Track struct {
	mu    sync.Mutex // guards what follows
	given []byte     // 16 bit little-endian
	from  int        // number of its first byte
	marks []mark     // when it was produced, oldest first
}

// mark says how many bytes had been produced at a time.
type mark struct {
	at    time.Time
	bytes int
}

const (
	mostTrack = 2 * audio.Rate * 1800
	// piece is the shortest sound that is searched for: 10 ms of noise never occur twice.
	piece = audio.Rate / 100
)

// Gave notes sound that a microphone produces at a time.
func (t *Track) Gave(at time.Time, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.given) >= 2*mostTrack {
		t.given, t.from = append(t.given[:0], t.given[mostTrack:]...), t.from+mostTrack
		n := 0
		for n < len(t.marks) && t.marks[n].bytes < t.from {
			n++
		}
		t.marks = append(t.marks[:0], t.marks[n:]...)
	}
	t.given = append(t.given, b...)
	t.marks = append(t.marks, mark{at, t.from + len(t.given)})
}

// By returns how many samples had been produced by a time.
func (t *Track) By(at time.Time) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	low, high := 0, len(t.marks)
	for low < high {
		if m := (low + high) / 2; t.marks[m].at.After(at) {
			high = m
		} else {
			low = m + 1
		}
	}
	if low == 0 {
		return 0
	}
	return t.marks[low-1].bytes / 2
}

// Find returns the sample from which a microphone produced a sound, bit for bit; -1 if it never did.
func (t *Track) Find(pcm []int16) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.find(encoded(pcm), 0)
}

// find searches from a position in given. The caller holds mu.
func (t *Track) find(want []byte, from int) int {
	for at := from; at <= len(t.given)-len(want); at++ {
		i := bytes.Index(t.given[at:], want)
		if i < 0 {
			return -1
		}
		if at += i; at%2 == 0 {
			return (t.from + at) / 2
		}
	}
	return -1
}

// Pieces searches for a sound of which some was lost on the way to the appliance: the microphone must have produced every piece
// of it, in the same order. It returns how often something is missing between two pieces, or says which part was never produced.
// Where an audio server has lost sound, the library that reads it inserts silence: that counts as a hole, too.
func (t *Track) Pieces(pcm []int16) (holes int, differs string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	want, after := encoded(pcm), 0
	for done := 0; done < len(want); holes++ {
		n := min(2*piece, len(want)-done)
		at := t.find(want[done:done+n], after)
		if at < 0 && !slices.ContainsFunc(want[done:done+n], func(b byte) bool { return b != 0 }) {
			for done < len(want) && want[done] == 0 {
				done++
			}
			done -= done % 2
			continue
		}
		if at < 0 {
			return holes, fmt.Sprintf("what it holds %v after its begin was never given, or not in this order", audio.Time(done/2))
		}
		for after = 2*at - t.from; done < len(want) && after < len(t.given) && want[done] == t.given[after]; done++ {
			after++
		}
		after -= after % 2
		done -= done % 2
	}
	if len(want) > 0 && holes > 0 {
		holes-- // between pieces
	}
	return holes, ""
}

func encoded(pcm []int16) []byte {
	b := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}
