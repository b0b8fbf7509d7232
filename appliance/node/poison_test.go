package node_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
)

// server is a model of a speech-to-text service.
type server struct {
	fails  func(k *rt.Task, id string) error // what it does with an utterance; nil: it answers
	health func(k *rt.Task) (string, error)
	heard  []string // answered, in order
	tries  map[string]int
}

func (s *server) Transcribe(k *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	s.tries[u.ID]++
	if err := s.fails(k, u.ID); err != nil {
		return stt.Result{}, err
	}
	s.heard = append(s.heard, u.ID)
	return stt.Result{Text: "text"}, nil
}

func (s *server) Health(k *rt.Task) (stt.Health, error) {
	word, err := s.health(k)
	return stt.Health{Status: word}, err
}

func healthy(*rt.Task) (string, error) { return "healthy", nil }

// failure makes every try end in an error of a kind, after so long.
func failure(kind stt.Kind, status int, after time.Duration) func(k *rt.Task) error {
	return func(k *rt.Task) error {
		if err := k.Sleep(after); err != nil {
			return err
		}
		return &stt.Error{Op: "transcribe", Kind: kind, Status: status, Cause: errors.New("no")}
	}
}

// delivering runs a spool and a delivery with utterances that are complete, for so long, and gives what was told.
func delivering(k *rt.Task, s *server, d *virtual.Disk, ids []string, most time.Duration) []event.Delivered {
	s.tries = map[string]int{}
	return of[event.Delivered](nodes(k, s, d, ids, most))
}

// TestAPoisonousUtteranceIsSetAside: whatever a well service does with one utterance for ever, the others are delivered in their
// order, within bounded tries, and the one is kept for people.
func TestAPoisonousUtteranceIsSetAside(t *testing.T) {
	for name, c := range map[string]struct {
		fails  func(k *rt.Task) error
		health func(*rt.Task) (string, error)
		within time.Duration
	}{
		"500":                 {failure(stt.Busy, 500, 10*time.Millisecond), healthy, time.Minute},
		"503 without a time":  {failure(stt.Busy, 503, 10*time.Millisecond), healthy, time.Minute},
		"a hang":              {failure(stt.Timeout, 0, 3*time.Second), healthy, time.Minute},
		"a long hang":         {failure(stt.Timeout, 0, 30*time.Second), healthy, 3 * time.Minute},
		"a reset":             {failure(stt.Unreachable, 0, 10*time.Millisecond), healthy, time.Minute},
		"an engine's failure": {failure(stt.Engine, 200, 10*time.Millisecond), healthy, time.Minute},
		"no answer":           {failure(stt.Protocol, 200, 10*time.Millisecond), healthy, time.Minute},
		"a service that is degraded": {failure(stt.Busy, 500, 10*time.Millisecond), func(*rt.Task) (string, error) {
			return stt.Degraded, &stt.Error{Op: "health", Kind: stt.Engine}
		}, time.Minute},
		"without a health check": {failure(stt.Busy, 500, 10*time.Millisecond), func(*rt.Task) (string, error) {
			return "", &stt.Error{Op: "health", Kind: stt.Unreachable, Status: 404}
		}, time.Minute},
	} {
		world(t, time.Hour, func(k *rt.Task) {
			s := &server{health: c.health, fails: func(k *rt.Task, id string) error {
				if id == "b" {
					return c.fails(k)
				}
				return nil
			}}
			d := virtual.NewDisk(1 << 30)
			told := delivering(k, s, d, []string{"a", "b", "c", "d"}, c.within)
			if want := []string{"a", "c", "d"}; !slices.Equal(s.heard, want) {
				t.Fatalf("%s: heard %v within %v, want %v; tried %v", name, s.heard, c.within, want, s.tries)
			}
			i := slices.IndexFunc(told, func(d event.Delivered) bool { return d.Utterance == "b" })
			if len(told) != 4 || i < 0 || told[i].Outcome != "failed" || !strings.Contains(told[i].Cause, "while the service was well") {
				t.Errorf("%s: told %+v", name, told)
			}
			if s.tries["b"] < 3 || s.tries["b"] > 40 {
				t.Errorf("%s: tried %d times", name, s.tries["b"])
			}
			if got := d.Files(); !slices.Equal(got, []string{"spool/refused/b.json", "spool/refused/b.wav"}) {
				t.Errorf("%s: left %v", name, got)
			}
		})
	}
}

// TestAServiceThatIsDownIsWaitedFor: what looks like a poisonous utterance and is an outage sets nothing aside, for an hour.
func TestAServiceThatIsDownIsWaitedFor(t *testing.T) {
	gone := func(*rt.Task) (string, error) { return "", &stt.Error{Op: "health", Kind: stt.Unreachable} }
	for name, c := range map[string]struct {
		fails  func(k *rt.Task) error
		health func(*rt.Task) (string, error)
	}{
		"refused":            {failure(stt.Unreachable, 0, time.Millisecond), gone},
		"a proxy before it":  {failure(stt.Busy, 502, time.Millisecond), func(*rt.Task) (string, error) { return "", &stt.Error{Kind: stt.Busy, Status: 502} }},
		"silent":             {failure(stt.Timeout, 0, 5*time.Second), func(k *rt.Task) (string, error) { return "", failure(stt.Timeout, 0, 5*time.Second)(k) }},
		"it starts up":       {failure(stt.Busy, 503, time.Millisecond), func(*rt.Task) (string, error) { return "initializing", nil }},
		"it says it is ill":  {failure(stt.Busy, 500, time.Millisecond), func(*rt.Task) (string, error) { return "", &stt.Error{Kind: stt.Engine} }},
		"a wrong credential": {failure(stt.Unauthorised, 401, time.Millisecond), healthy},
		"a wrong address":    {failure(stt.Unreachable, 404, time.Millisecond), healthy},
	} {
		world(t, 2*time.Hour, func(k *rt.Task) {
			s := &server{health: c.health}
			s.fails = func(k *rt.Task, _ string) error {
				if k.Now() < rt.Instant(time.Hour) {
					return c.fails(k)
				}
				return nil
			}
			told := delivering(k, s, virtual.NewDisk(1<<30), []string{"a", "b", "c"}, time.Hour+time.Minute)
			if want := []string{"a", "b", "c"}; !slices.Equal(s.heard, want) || len(told) != 3 || told[0].Outcome != "delivered" {
				t.Errorf("%s: heard %v, told %+v", name, s.heard, told)
			}
		})
	}
}

// TestAServiceThatAnswersAnotherIsNotDown: its health check fails, and the one utterance with it; what it does with the next shows
// which is to blame. In an outage, with the same signs, nothing is set aside and the order is kept.
func TestAServiceThatAnswersAnotherIsNotDown(t *testing.T) {
	ill := func(*rt.Task) (string, error) { return "unhealthy", &stt.Error{Kind: stt.Engine} }
	for name, bad := range map[string]func(k *rt.Task, id string) bool{
		"one utterance": func(_ *rt.Task, id string) bool { return id == "b" },
		"an outage":     func(k *rt.Task, _ string) bool { return k.Now() < rt.Instant(10*time.Minute) },
	} {
		world(t, time.Hour, func(k *rt.Task) {
			s := &server{health: ill}
			s.fails = func(k *rt.Task, id string) error {
				if bad(k, id) {
					return failure(stt.Busy, 500, 10*time.Millisecond)(k)
				}
				return nil
			}
			d, most, want := virtual.NewDisk(1<<30), time.Minute, []string{"a", "c", "d"}
			if name == "an outage" {
				most, want = 11*time.Minute, []string{"a", "b", "c", "d"}
			}
			told := delivering(k, s, d, []string{"a", "b", "c", "d"}, most)
			aside := 0
			for _, b := range told {
				if b.Outcome == "failed" {
					aside++
				}
			}
			if !slices.Equal(s.heard, want) || len(told) != 4 || aside != 4-len(want) {
				t.Errorf("%s: heard %v, told %+v", name, s.heard, told)
			}
		})
	}
}

// TestABusyServiceHasItsTime: one that asks for time is believed for ten minutes.
func TestABusyServiceHasItsTime(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		s := &server{health: healthy, fails: func(k *rt.Task, _ string) error {
			if k.Now() < rt.Instant(9*time.Minute) {
				return &stt.Error{Kind: stt.Busy, Status: 429}
			}
			return nil
		}}
		if told := delivering(k, s, virtual.NewDisk(1<<30), []string{"a"}, 12*time.Minute); len(told) != 1 || told[0].Outcome != "delivered" {
			t.Errorf("told %+v", told)
		}
	})
}

// TestAnEngineThatFailsForAnHour sets a few utterances aside, not all that are said meanwhile; and a number of bad ones in a row
// does not stop delivery for good.
func TestAnEngineThatFailsForAnHour(t *testing.T) {
	var ids []string
	for i := range 15 {
		ids = append(ids, fmt.Sprintf("%02d", i))
	}
	world(t, 3*time.Hour, func(k *rt.Task) {
		s := &server{health: healthy}
		s.fails = func(k *rt.Task, _ string) error {
			if k.Now() < rt.Instant(time.Hour) {
				return failure(stt.Busy, 500, time.Millisecond)(k)
			}
			return nil
		}
		delivering(k, s, virtual.NewDisk(1<<30), ids, time.Hour+time.Minute)
		if n := len(s.heard); n < 3 || n > 10 || !slices.Equal(s.heard, ids[15-n:]) {
			t.Errorf("delivered after the hour: %v", s.heard)
		}
	})
}
