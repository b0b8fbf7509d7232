package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/models/wake"
)

// TestAHeadThatEndsIsNotWaitedFor has a voter say that it ends: what waited for it is decided at once, and again once it is
// back it is waited for.
func TestAHeadThatEndsIsNotWaitedFor(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		in, out := rt.NewMailbox[node.Vote]("votes", 1024), rt.NewMailbox[node.Wake]("wakes", 16)
		n := &node.Trigger{
			Name: "trigger.k", Listener: "k", In: in, Out: rt.NewOut(out),
			Config: rt.NewCell(node.TriggerConfig{
				Rules: wake.Rules{Models: []wake.Model{{Name: "a", Threshold: 0.5}, {Name: "b", Threshold: 0.5}}},
				Words: []node.Word{{WakeWord: "a"}, {WakeWord: "b"}},
			}),
		}
		task := k.Go("trigger", n.Run)
		wakes := func(votes ...node.Vote) string {
			for _, v := range votes {
				in.Push(k, v)
			}
			_ = k.Sleep(time.Millisecond)
			var list []string
			for w, ok := out.TryRecv(k); ok; w, ok = out.TryRecv(k) {
				list = append(list, fmt.Sprintf("%d %s", w.Seq, w.Model))
			}
			return strings.Join(list, ", ")
		}
		gone := node.Vote{From: "b", Absent: true}
		for _, step := range []struct {
			votes []node.Vote
			want  string
		}{
			{[]node.Vote{vote(100, "a", 0.9)}, ""},
			{[]node.Vote{gone}, "100 a"},
			{[]node.Vote{vote(101, "a", 0.9)}, "101 a"},
			{[]node.Vote{vote(102, "b", 0)}, ""},
			{[]node.Vote{vote(102, "a", 0.9)}, "102 a"},
			{[]node.Vote{vote(103, "a", 0.9)}, ""},
			{[]node.Vote{vote(103, "b", 0)}, "103 a"},
		} {
			if got := wakes(step.votes...); got != step.want {
				t.Errorf("after %s votes on %d: woke %q, want %q", step.votes[0].From, step.votes[0].Seq, got, step.want)
			}
		}
		task.Stop()
		_ = k.Wait(task, rt.Never)
	})
}
