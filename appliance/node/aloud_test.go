package node_test

import (
	"testing"
	"time"

	"orac/appliance/audio"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/models/wake"
)

// ear is a listener beside a speaker, in virtual time: its trigger hears a wake word in a hop when told so.
type ear struct {
	k       *rt.Task
	votes   *rt.Mailbox[node.Vote]
	wakes   *rt.Mailbox[node.Wake]
	trigger *node.Trigger
	seq     int64
}

// listen starts a listener. aloud is nil for one with barge_in.
func listen(k *rt.Task, aloud *rt.Cell[rt.Instant], to ...*rt.Mailbox[node.Wake]) *ear {
	e := &ear{k: k, votes: rt.NewMailbox[node.Vote]("votes", 64), wakes: rt.NewMailbox[node.Wake]("wakes", 64), seq: 100}
	e.trigger = &node.Trigger{
		Name: "trigger.room", Listener: "room", In: e.votes, Out: rt.NewOut(append(to, e.wakes)...), Config: settingsOf(aloud),
	}
	k.Supervise("trigger", 1, e.trigger.Run)
	return e
}

func settingsOf(aloud *rt.Cell[rt.Instant]) *rt.Cell[node.TriggerConfig] {
	return rt.NewCell(node.TriggerConfig{
		Rules: wake.Rules{Models: []wake.Model{{Name: "a", Threshold: 0.5, Cooldown: time.Second}}}, Words: []node.Word{{WakeWord: "a"}}, Aloud: aloud,
	})
}

// hears has hops come for some time, whose decision takes a while, and returns how many wakes there were.
func (e *ear) hears(score float32, length, decided time.Duration) (wakes int) {
	for until := e.k.Now().Add(length); e.k.Now() < until; e.seq++ {
		v := vote(e.seq, "a", score)
		v.At = e.k.Now()
		_ = e.k.Sleep(decided)
		e.votes.Push(e.k, v)
		_ = e.k.Sleep(audio.HopTime - decided)
	}
	for _, ok := e.wakes.TryRecv(e.k); ok; _, ok = e.wakes.TryRecv(e.k) {
		wakes++
	}
	return wakes
}

// TestATriggerIsDeafWhileItsSpeakerSpeaks: from the first frame of an answer until its last word has left the window of a model. A chime
// and music do not make it deaf, nor does a speaker that is muted.
func TestATriggerIsDeafWhileItsSpeakerSpeaks(t *testing.T) {
	for _, decided := range []time.Duration{0, 40 * time.Millisecond} {
		onStage(t, func(k *rt.Task, s *stage) {
			e := listen(k, &s.aloud)
			count := func(what string, score float32, length time.Duration, want int) {
				t.Helper()
				if got := e.hears(score, length, decided); got != want {
					t.Errorf("decided after %v, %s: %d wakes, want %d", decided, what, got, want)
				}
			}
			count("a wake word before", 0.9, 160*time.Millisecond, 1)
			count("a pause", 0, 3*time.Second, 0)
			s.play("answer", play.Answer, &tone{level: 100, frames: 150})
			count("the beginning", 0, 160*time.Millisecond, 0)
			count("its own wake words", 0.9, 3*time.Second, 0)
			count("the echo of the last", 0.9, 400*time.Millisecond, 0)
			count("a pause", 0, 600*time.Millisecond, 0)
			count("a wake word after", 0.9, 160*time.Millisecond, 1)
			count("a pause", 0, 3*time.Second, 0)
			for name, p := range map[string]play.Priority{"chime": play.Chime, "music": play.Media} {
				s.play(name, p, &tone{level: 100, frames: 50})
				count("a wake word during a "+name, 0.9, 160*time.Millisecond, 1)
				count("a pause", 0, 3*time.Second, 0)
			}
			s.Asks.TrySend(k, node.SetMuted{Muted: true})
			s.play("silent", play.Answer, &tone{level: 100, frames: 50})
			count("the beginning of one that nobody hears", 0, 160*time.Millisecond, 0)
			count("a wake word during it", 0.9, 160*time.Millisecond, 1)
		})
	}
}

// TestBargeIn: a listener with barge_in wakes during an answer, and nothing of the answer is played 200 ms later. Its setting is taken while it
// runs, in both directions.
func TestBargeIn(t *testing.T) {
	onStage(t, func(k *rt.Task, s *stage) {
		r, _ := responder("local")
		r.Out = rt.NewOut(s.Asks)
		k.Supervise("responder", 1, r.Run)
		e := listen(k, &s.aloud, r.Wakes)
		update := func(aloud *rt.Cell[rt.Instant]) {
			e.trigger.Update(&node.Trigger{Config: settingsOf(aloud), Out: rt.NewOut(r.Wakes, e.wakes)})
		}
		during := func(id string) (wakes int, lasted time.Duration) {
			s.play(id, play.Answer, &tone{level: 100, frames: 250})
			e.hears(0, 2*time.Second, 0)
			began := k.Now()
			wakes = e.hears(0.9, 80*time.Millisecond, 0)
			e.hears(0, 8*time.Second, 0)
			for i, f := range s.speaker.heard {
				if f[0] == 100 && s.speaker.times[i] > began {
					lasted = s.speaker.times[i].Sub(began)
				}
			}
			return wakes, lasted
		}
		if wakes, lasted := during("gated"); wakes != 0 || lasted < 2*time.Second {
			t.Errorf("without barge_in: %d wakes, and the answer went on for %v", wakes, lasted)
		}
		update(nil)
		if wakes, lasted := during("barged"); wakes != 1 || lasted > 200*time.Millisecond {
			t.Errorf("with barge_in: %d wakes, and the answer went on for %v", wakes, lasted)
		}
		if got := s.end("barged"); got == "" || got[:15] != "begun, barge-in" {
			t.Errorf("the answer: %s", got)
		}
		update(&s.aloud)
		if wakes, _ := during("gated again"); wakes != 0 {
			t.Errorf("without barge_in again: %d wakes", wakes)
		}
	})
}
