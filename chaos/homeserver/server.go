// Package homeserver runs what an appliance acts on in processes of their own: a Home Assistant with a few lamps and a number, and a
// language model that understands the commands of package deeds. They are the servers of the tests, which speak the protocols as the real
// ones do and record what they do. They listen only on loopback.
package homeserver

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"orac/appliance/act/home/hometest"
	"orac/appliance/act/llm/llmtest"
	"orac/chaos/peer"
	"orac/sim/trial/deeds"
)

// Kind is what a process is.
type Kind string

// The kinds.
const (
	Home  Kind = "home"
	Model Kind = "model"
)

// How is what a process does wrong. The zero value is good behaviour.
type How string

// The faults.
const (
	Well   How = ""
	Locked How = "locked" // a home knows the token no more
	Ends   How = "ends"   // a home does what it is asked, and resets the connection instead of answering
	Stuck  How = "stuck"  // a home accepts calls and does nothing
	Hangs  How = "hangs"  // a model never answers
	Trash  How = "trash"  // a model answers what is of no use
	Late   How = "late"   // a model answers late
)

// Request is a line that the maker sends.
type Request struct {
	Set   *How          `json:"set,omitempty"`
	Wait  time.Duration `json:"wait_ns,omitempty"` // of Late
	After int           `json:"after"`             // asks for the calls after so many
}

// Answer is the line that answers each request. The very first line has only the address.
type Answer struct {
	Address string `json:"address,omitempty"`
	Deeds   []Deed `json:"deeds,omitempty"`
	Calls   int    `json:"calls,omitempty"` // how many there were, with those that were not carried out
}

// Deed is a call that a home has carried out.
type Deed struct {
	Data    map[string]any `json:"data"`
	Request string         `json:"request"` // ID of the command
	At      time.Time      `json:"at"`
}

// Token is what a home accepts: at least as long as a secret must be.
const Token = "orac-chaos-token-of-a-home-that-is-not-there"

// house is what there is.
func house() hometest.House {
	h := hometest.House{
		Areas:    []hometest.Area{{ID: "hall", Name: "Hall"}},
		Entities: []hometest.Entity{{ID: "input_number.count", Name: "Count", State: "-1", Area: "hall"}},
	}
	for i := range 3 {
		h.Entities = append(h.Entities, hometest.Entity{
			ID: fmt.Sprintf("light.lamp%d", i+1), Name: fmt.Sprintf("Lamp %d", i+1), State: "off", Area: "hall", Attributes: map[string]any{"supported_color_modes": []string{"onoff"}},
		})
	}
	return h
}

// Main is the process: args name its kind. It returns the exit code.
func Main(args []string, in io.Reader, out, stderr io.Writer) int {
	serve := serveHome
	if len(args) > 0 && Kind(args[0]) == Model {
		serve = serveModel
	}
	if err := serve(in, out); err != nil {
		fmt.Fprintln(stderr, "orac chaos, stand-in of a home:", err)
		return 1
	}
	return 0
}

func serveHome(in io.Reader, out io.Writer) error {
	s, err := hometest.Serve("127.0.0.1:0", house())
	if err != nil {
		return err
	}
	defer s.Down()
	s.RequireToken(Token)
	locked := false
	return peer.Serve(in, out, Answer{Address: s.URL()}, func(r Request) (a Answer) {
		if r.Set != nil {
			if now := *r.Set == Locked; now != locked {
				locked = now
				lock(s, locked)
			}
			s.Set(hometest.Service, hometest.Behaviour{Do: map[How]hometest.Do{Ends: hometest.Dies, Stuck: hometest.Ignores}[*r.Set]})
		}
		list := s.Calls()
		a.Calls = len(list)
		for _, c := range list[min(r.After, len(list)):] {
			if c.Did {
				a.Deeds = append(a.Deeds, Deed{c.Data, c.Trace, c.At})
			}
		}
		return a
	})
}

// lock has a home know its token no more, or again, and ends its connections.
func lock(s *hometest.Server, locked bool) {
	token := Token
	if locked {
		token += "-another"
	}
	s.RequireToken(token)
	s.Leave()
}

func serveModel(in io.Reader, out io.Writer) error {
	s, err := llmtest.Serve("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer s.Close()
	s.Answer(func(a llmtest.Asked) string { return deeds.Chosen(said(a)) })
	return peer.Serve(in, out, Answer{Address: s.URL()}, func(r Request) (a Answer) {
		if r.Set == nil {
			return a
		}
		b := llmtest.Behaviour{Wait: r.Wait}
		if *r.Set == Hangs {
			b.Do = llmtest.Never
		}
		s.Set(b)
		s.Answer(func(a llmtest.Asked) string {
			if *r.Set == Trash {
				return deeds.Trash[len(a.User)%len(deeds.Trash)]
			}
			return deeds.Chosen(said(a))
		})
		return a
	})
}

// said is the text that a question is about: it comes as a JSON string.
func said(a llmtest.Asked) (text string) {
	if json.Unmarshal([]byte(a.User), &text) != nil {
		return a.User
	}
	return text
}
