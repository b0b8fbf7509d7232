// Package sttserver runs a speech-to-text server in a process of its own, and defines what its maker
// can request from it.
//
// It is the server of the tests, which speaks the protocol as the real one does and records what it receives. It listens only
// on loopback.
package sttserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"orac/appliance/stt/stttest"
	"orac/chaos/peer"
)

// Request is a line that the maker sends.
type Request struct {
	Set   map[stttest.Endpoint]Behaviour `json:"set,omitempty"`   // how endpoints behave from now on
	Heard bool                           `json:"heard,omitempty"` // asks for the record
	Sound int                            `json:"sound,omitempty"` // asks for the sound of one utterance of the record, counted from 1
	Trust *Trust                         `json:"trust,omitempty"` // demands tokens from now on
}

// Behaviour is what a server does with requests: see stttest.Behaviour.
type Behaviour struct {
	Do   stttest.Do    `json:"do,omitempty"`
	Code int           `json:"code,omitempty"`
	Wait time.Duration `json:"wait_ns,omitempty"`
	// After is how many bytes of a body, or frames of a stream, come before a reset.
	After int  `json:"after,omitempty"`
	One   bool `json:"one,omitempty"` // applies to one utterance only
}

// Answer is the line that answers each request. The very first line has only the addresses.
type Answer struct {
	Address string  `json:"address,omitempty"`
	Wyoming string  `json:"wyoming,omitempty"` // where it speaks Wyoming
	Heard   []Heard `json:"heard,omitempty"`
	Sound   []int16 `json:"sound,omitempty"`
	// RefusedFor is the longest time in which it has refused every token that it was shown.
	RefusedFor time.Duration `json:"refused_for_ns,omitempty"`
}

// Heard is an utterance that the server was sent, in the order in which requests began. It does not contain what was said.
type Heard struct {
	Wake       string    `json:"wake"` // the time of its wake word, to the microsecond: its identity; over Wyoming its ID
	ID         string    `json:"id"`   // of the utterance, as the appliance names it; empty if the utterance must have no effect
	Samples    int       `json:"samples"`
	Whole      bool      `json:"whole"`
	Began      time.Time `json:"began"`
	Acted      time.Time `json:"acted,omitzero"`    // when ORAC Core was given what was understood
	Answered   time.Time `json:"answered,omitzero"` // when a good answer went out
	Complaint  string    `json:"complaint,omitempty"`
	Connection string    `json:"way"` // http, ws or wyoming
}

// Main is the server's process. It returns the exit code.
func Main(in io.Reader, out, stderr io.Writer) int {
	if err := serve(in, out); err != nil {
		fmt.Fprintln(stderr, "orac chaos, speech-to-text server:", err)
		return 1
	}
	return 0
}

func serve(in io.Reader, out io.Writer) error {
	s, err := stttest.Serve("127.0.0.1:0", stttest.Behaviour{})
	if err != nil {
		return err
	}
	defer s.Close()
	wyoming, err := s.ServeWyoming()
	if err != nil {
		return err
	}
	var tokens *gate
	return peer.Serve(in, out, Answer{Address: s.Address(), Wyoming: wyoming}, func(r Request) (a Answer) {
		for endpoint, b := range r.Set {
			s.Set(endpoint, stttest.Behaviour{Do: b.Do, Code: b.Code, Wait: b.Wait, After: b.After, One: b.One})
		}
		if r.Trust != nil {
			tokens = newGate(*r.Trust)
			s.Admit(tokens.admits)
		}
		if tokens != nil {
			a.RefusedFor = tokens.refused()
		}
		if r.Heard {
			a.Heard, _ = record(s.Heard())
		}
		if r.Sound > 0 {
			if _, sounds := record(s.Heard()); r.Sound <= len(sounds) {
				a.Sound = sounds[r.Sound-1]
			}
		}
		return a
	})
}

// record drops the requests without sound, and returns the others with the sound of each.
func record(all []stttest.Heard) (list []Heard, sounds [][]int16) {
	for _, h := range all {
		if h.Endpoint != stttest.HTTP && h.Endpoint != stttest.WS && h.Endpoint != stttest.Wyoming {
			continue
		}
		r := Heard{Wake: h.Header.Get("X-Wake-Word-Time"), ID: h.ID, Samples: len(h.PCM), Whole: h.Whole, Acted: h.Acted, Began: h.Began, Complaint: h.Complaint, Connection: string(h.Endpoint)}
		if h.Endpoint == stttest.WS {
			var config struct {
				Wake string `json:"wake_word_time"`
			}
			if err := json.Unmarshal(h.Body, &config); err == nil {
				r.Wake = config.Wake
			}
		}
		if h.Endpoint == stttest.Wyoming {
			r.Wake = h.ID // it is not told the time of the wake word
		}
		if h.Answered {
			r.Answered = h.AnsweredAt
		}
		list, sounds = append(list, r), append(sounds, h.PCM)
	}
	return list, sounds
}

// errStopped is returned while the process is stopped.
var errStopped = errors.New("the speech-to-text server's process is stopped")
