package sttrole

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"orac/appliance/amount"
	"orac/appliance/rt"
)

func TestTopicOf(t *testing.T) {
	for name, want := range map[string]string{
		"": "general", "kitchen": "kitchen", "Kitchen_2": "Kitchen_2", "../x": "general", "a b": "general", "ä": "general", "a%2f": "general",
		strings.Repeat("x", 100): strings.Repeat("x", 100), strings.Repeat("x", 101): "general",
	} {
		if got, ok := TopicOf(name); got != want || ok != (name == "" || name == want) {
			t.Errorf("%q counts for %q, %v", name, got, ok)
		}
	}
}

// TestALineIsBoundedAndFair: it never holds more than its limit, loses nobody silently, serves each peer in its own order, and nobody
// waits for more than one job of each other peer.
func TestALineIsBoundedAndFair(t *testing.T) {
	type job struct{ peer, n int }
	rapid.Check(t, func(t *rapid.T) {
		var l Line[*job]
		limit := rapid.IntRange(1, 6).Draw(t, "limit")
		waits := map[*job]bool{}
		last := map[int]int{}
		passed := map[*job]map[int]int{} // how many of each other peer were served while it was the first of its own
		first := func(peer int) (f *job) {
			for j := range waits {
				if j.peer == peer && (f == nil || j.n < f.n) {
					f = j
				}
			}
			return f
		}
		for n := range rapid.IntRange(1, 60).Draw(t, "steps") {
			peer := rapid.IntRange(0, 2).Draw(t, "peer")
			switch rapid.SampledFrom([]string{"join", "join", "next", "leave"}).Draw(t, "do") {
			case "join":
				j := &job{peer, n}
				out, lost, ok := l.Join(fmt.Sprint(peer), j, limit)
				if lost {
					if !waits[out] || out.peer == peer {
						t.Fatalf("%+v gave way to %+v", out, j)
					}
					delete(waits, out)
				}
				if ok {
					waits[j] = true
				} else if len(waits) < limit {
					t.Fatal("refused although there was room")
				}
			case "next":
				j, ok := l.Next()
				if ok != (len(waits) > 0) {
					t.Fatalf("%d wait, and it gave %v", len(waits), ok)
				}
				if !ok {
					continue
				}
				if j != first(j.peer) || j.n < last[j.peer] {
					t.Fatalf("%+v is out of order", j)
				}
				last[j.peer] = j.n
				delete(waits, j)
				for p := range 3 {
					if f := first(p); f != nil && p != j.peer {
						if passed[f] == nil {
							passed[f] = map[int]int{}
						}
						if passed[f][j.peer]++; passed[f][j.peer] > 2 { // one may have been due already
							t.Fatalf("%+v waits while peer %d is served again and again", f, j.peer)
						}
					}
				}
			case "leave":
				if f := first(peer); f != nil {
					l.Leave(f)
					delete(waits, f)
				}
			}
			if l.Len() != len(waits) || l.Len() > limit {
				t.Fatalf("%d wait of %d, limit %d", l.Len(), len(waits), limit)
			}
		}
	})
}

func TestAnswersAreBounded(t *testing.T) {
	var a Answers
	sound := Of([]int16{1, 2})
	for i := range 2 * mostAnswers {
		a.Keep(0, "p", fmt.Sprint(i), sound, Heard{Text: fmt.Sprint(i)})
	}
	if len(a.by) != mostAnswers || len(a.order) != mostAnswers {
		t.Errorf("%d answers, %d in order", len(a.by), len(a.order))
	}
	if _, found, _ := a.Find(0, "p", "0", sound); found {
		t.Error("the oldest is still there")
	}
	newest := fmt.Sprint(2*mostAnswers - 1)
	if h, found, err := a.Find(0, "p", newest, sound); !found || err != nil || h.Text != newest || !h.Repeated {
		t.Errorf("%+v, %v, %v", h, found, err)
	}
	if _, found, _ := a.Find(0, "q", newest, sound); found {
		t.Error("the answer of another peer is given")
	}
	if _, _, err := a.Find(0, "p", newest, Of([]int16{3})); err == nil {
		t.Error("another sound is taken for the same")
	}
	if _, found, _ := a.Find(answersFor+1, "p", newest, sound); found {
		t.Error("it is remembered for ever")
	}
}

// TestARollIsBounded: one peer cannot fill it, many cannot overfill it, and what they send is cleaned.
func TestARollIsBounded(t *testing.T) {
	var r Roll
	refused := 0
	for i := range 1000 {
		_, fresh, err := r.Beat(0, time.Time{}, Beat{Peer: Peer{Name: fmt.Sprint("p", i%8)}, InstanceID: fmt.Sprint(i), Models: []BeatModel{{
			Name: "m\x1b[2J", Topic: "../" + fmt.Sprint(i), Status: "active", WakeWord: "hey\nyou", TriggerCount: -5,
		}}})
		if _, much := errors.AsType[*amount.TooMuchError](err); much {
			refused++
		} else if !fresh || err != nil {
			t.Fatal(err)
		}
	}
	if r.Len() != mostInstances || refused != 1000-mostInstances {
		t.Errorf("%d instances, %d refused", r.Len(), refused)
	}
	m := r.Instances(0)[0].Models[0]
	if m.Name != "m [2J" || m.Topic != "general" || m.WakeWord != "hey you" || m.TriggerCount != 0 {
		t.Errorf("%+v", m)
	}
	if gone := r.Expire(rt.Instant(time.Minute), time.Minute); len(gone) != mostInstances || r.Len() != 0 || r.Next(time.Minute) != rt.Never {
		t.Errorf("%d forgotten, %d left", len(gone), r.Len())
	}
	for i := range 2 * mostTopics {
		r.Use(fmt.Sprint("t", i), time.Time{})
	}
	if len(r.Topics()) != mostTopics {
		t.Errorf("%d topics", len(r.Topics()))
	}
	for i := range 60 {
		_, _, _ = r.Beat(0, time.Time{}, Beat{Peer: Peer{Name: "one"}, InstanceID: fmt.Sprint(i)})
	}
	if r.Len() != mostOfAPeer {
		t.Errorf("one peer has %d instances", r.Len())
	}
}

func TestBadBeatsAreRefused(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for i, b := range []Beat{
		{}, {InstanceID: long}, {InstanceID: "i", Source: long}, {InstanceID: "i", Models: make([]BeatModel, 10_000)},
		{InstanceID: "i", Models: []BeatModel{{Name: long}}}, {InstanceID: "i", Models: []BeatModel{{Topic: long}}}, {InstanceID: "i", Models: []BeatModel{{WakeWord: long}}},
	} {
		if err := b.Check(); err == nil || len(err.Error()) > 200 {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// TestManyWakeWordsAreReadInAMoment: as many as instances may name in all, also when all of them belong to one topic.
func TestManyWakeWordsAreReadInAMoment(t *testing.T) {
	var r Roll
	for i := range mostInstances {
		b := Beat{Peer: Peer{Name: fmt.Sprint("p", i)}, InstanceID: fmt.Sprint(i)}
		for m := range MaxModels {
			b.Models = append(b.Models, BeatModel{Name: "m", Status: "active", Topic: "a", WakeWord: fmt.Sprintf("hey someone %d %d", i, m)})
		}
		if _, _, err := r.Beat(0, time.Time{}, b); err != nil {
			t.Fatal(err)
		}
	}
	var words, topics int
	took := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			words, topics = len(r.WakeWords("a")), len(r.Topics()[0].WakeWords)
		}
	})
	if words != MaxModels || topics != MaxModels {
		t.Errorf("%d, %d words", words, topics)
	}
	if per := time.Duration(took.NsPerOp()); per > 250*time.Millisecond { // it took 4 s when each was compared with all
		t.Errorf("they took %v", per)
	}
}
