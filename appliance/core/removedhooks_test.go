package core

import (
	"errors"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/graph"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/provenclock"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
	"orac/runbook"
	hooks "orac/runbook/hook"
	"orac/runbook/language"
)

// removed is what a test of removedHooks has.
type removed struct {
	*removedHooks
	disk   *virtual.Disk
	old    time.Duration // how old the state directory is
	in     map[string]bool
	now    *graph.Graph
	said   []string
	events *rt.Mailbox[event.Event]
}

// withRemoved runs f with a keeper of what webhooks have left; "away" has two events that wait and one that was set aside.
func withRemoved(t *testing.T, keep time.Duration, f func(k *rt.Task, r *removed)) {
	d := virtual.New(1, time.Unix(0, 0), nil)
	defer d.Close()
	root := rt.New(d, "test", func(k *rt.Task) error {
		r := &removed{disk: virtual.NewDisk(1 << 30), in: map[string]bool{}, now: &graph.Graph{}, events: rt.NewMailbox[event.Event]("events", 100)}
		b := outbox.Open(k, r.disk, outbox.Hooks, "away", outbox.Limits{Bytes: 1 << 20, Keep: keep})
		for _, id := range []string{"evt-1", "evt-2", "evt-3"} {
			e := &hooks.Transcript{Text: "secret"}
			e.ID, e.Type = id, "transcript"
			b.Add(k, e, provenclock.Point{}, true)
		}
		b.SetAside(k, b.Next(0), "status 400")
		r.removedHooks = &removedHooks{
			fs: r.disk, turn: new(outbox.Turn), told: map[string]bool{}, warn: func(text string) { r.said = append(r.said, text) },
			age: func(*rt.Task) (provenclock.Point, bool) {
				age := r.old + time.Duration(k.Now())
				return provenclock.Point{Age: age, Born: age}, true
			},
			graph:  func() *graph.Graph { return r.now },
			runs:   func(address string) bool { return r.in[address] },
			events: rt.NewOut(r.events), requests: rt.NewMailbox[node.ManageHook]("requests", 1),
		}
		f(k, r)
		return nil
	})
	d.Run(rt.Never)
	if err := root.Err(); err != nil {
		t.Fatal(err)
	}
}

func (r *removed) do(k *rt.Task, do, id string) (status.SpoolAnswer, error) {
	return r.ask(k, k.Now().Add(time.Second), status.SpoolRequest{Do: do, ID: id})
}

func (r *removed) has(text string) bool {
	for _, name := range r.disk.Files() {
		if strings.HasSuffix(name, text) {
			return true
		}
	}
	return false
}

// TestEventsOfARemovedWebhookAreDeletedInTime: they are told of once, shown meanwhile, and gone when its keep is over.
func TestEventsOfARemovedWebhookAreDeletedInTime(t *testing.T) {
	withRemoved(t, 2*time.Hour, func(k *rt.Task, r *removed) {
		task := k.Go("removed", r.Run)
		_ = k.Sleep(time.Hour)
		if len(r.said) != 1 || !strings.Contains(r.said[0], "3 events for webhook.away are not sent any more") || !strings.Contains(r.said[0], "waiting 2h") {
			t.Errorf("said: %q", r.said)
		}
		a, err := r.do(k, status.SpoolList, "")
		if err != nil || len(a.Events) != 3 || !a.Events[0].Removed || a.Events[2].State != "refused" || a.Events[2].Webhook != "away" {
			t.Errorf("%+v, %v", a, err)
		}
		_ = k.Sleep(time.Hour + 2*time.Minute)
		if r.has(".json") {
			t.Errorf("after its keep: %v", r.disk.Files())
		}
		dropped := 0
		for e, ok := r.events.TryRecv(k); ok; e, ok = r.events.TryRecv(k) {
			if b, is := e.Body.(event.WebhookDropped); is && b.Webhook == "away" && e.Node == "webhook.away" {
				dropped++
			}
		}
		if dropped != 2 {
			t.Errorf("%d drops of events that waited were told", dropped)
		}
		task.Stop()
	})
}

// TestAWebhookThatComesBackFindsItsEvents, as after an apply that is rolled back: nothing that it still keeps is gone.
func TestAWebhookThatComesBackFindsItsEvents(t *testing.T) {
	withRemoved(t, time.Hour, func(k *rt.Task, r *removed) {
		task := k.Go("removed", r.Run)
		_ = k.Sleep(10 * time.Minute)
		r.in["webhook.away"], r.now = true, &graph.Graph{}
		_ = k.Sleep(5 * time.Hour)
		b := outbox.Open(k, r.disk, outbox.Hooks, "away", outbox.Limits{Bytes: 1 << 20, Keep: 24 * time.Hour})
		if s := b.Stats(); s.Waiting != 2 || s.Aside != 1 {
			t.Errorf("%+v", s)
		}
		if a, err := r.do(k, status.SpoolList, ""); err != nil || len(a.Events) != 0 {
			t.Errorf("a webhook that runs is listed twice: %+v, %v", a, err)
		}
		task.Stop()
	})
}

// TestAWebhookThatStillEndsKeepsItsFolder: what it has is looked after only when its instance is over.
func TestAWebhookThatStillEndsKeepsItsFolder(t *testing.T) {
	withRemoved(t, time.Minute, func(k *rt.Task, r *removed) {
		r.in["webhook.away"] = true
		task := k.Go("removed", r.Run)
		_ = k.Sleep(10 * time.Minute)
		if !r.has(".json") || len(r.said) > 0 {
			t.Errorf("%v, %q", r.disk.Files(), r.said)
		}
		r.in["webhook.away"] = false
		_ = k.Sleep(2 * time.Minute)
		if r.has(".json") || len(r.said) != 1 {
			t.Errorf("%v, %q", r.disk.Files(), r.said)
		}
		task.Stop()
	})
}

func TestPeopleDropEventsOfARemovedWebhook(t *testing.T) {
	withRemoved(t, time.Hour, func(k *rt.Task, r *removed) {
		task := k.Go("removed", r.Run)
		for _, id := range []string{"evt-1", "evt-2"} {
			if _, err := r.do(k, status.SpoolDrop, id); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		_, err := r.do(k, status.SpoolRetry, "evt-3")
		if refused, _ := errors.AsType[*status.Refusal](err); refused == nil || !strings.Contains(refused.Hint, "orac spool drop evt-3") {
			t.Errorf("retry: %v", err)
		}
		_, err = r.do(k, status.SpoolDrop, "evt-1")
		if refused, _ := errors.AsType[*status.Refusal](err); refused == nil || refused.Code != status.Unknown {
			t.Errorf("dropped twice: %v", err)
		}
		if a, _ := r.do(k, status.SpoolList, ""); len(a.Events) != 1 || a.Events[0].ID != "evt-3" {
			t.Errorf("%+v", a)
		}
		task.Stop()
	})
}

// TestADiskThatRefusesDeletesLater what is due, and a webhook that keeps nothing down has the default.
func TestADiskThatRefusesDeletesLater(t *testing.T) {
	withRemoved(t, time.Hour, func(k *rt.Task, r *removed) {
		if err := r.disk.Remove(k, "hooks/away/keep"); err != nil {
			t.Fatal(err)
		}
		mend := r.disk.Break("", "", errors.New("no"))
		task := k.Go("removed", r.Run)
		_ = k.Sleep(23 * time.Hour)
		mend()
		if !r.has(".json") {
			t.Error("deleted before the default is over")
		}
		mend = r.disk.Break("rename", "", errors.New("no"))
		_ = k.Sleep(2 * time.Hour)
		mend()
		_ = k.Sleep(2 * time.Minute)
		if r.has(".json") {
			t.Errorf("%v", r.disk.Files())
		}
		task.Stop()
	})
}

func TestTheDefaultKeepIsThatOfTheLanguage(t *testing.T) {
	for _, b := range runbook.Registry {
		for _, a := range b.Attributes {
			if b.Type == "webhook" && a.Name == "keep" {
				if d, err := language.ParseDuration(a.Default); err != nil || d != outbox.DefaultKeep {
					t.Errorf("the runbook's default is %s", a.Default)
				}
				return
			}
		}
	}
	t.Error("no webhook has keep")
}

// TestTextsForARemovedCoreAreDeletedInTime: what people have said does not stay on the disk because a block has gone.
func TestTextsForARemovedCoreAreDeletedInTime(t *testing.T) {
	withRemoved(t, 24*time.Hour, func(k *rt.Task, r *removed) {
		b := outbox.Open(k, r.disk, outbox.Commands, "away", outbox.Limits{Bytes: 1 << 20, Keep: time.Hour})
		b.Add(k, notify.Command{ID: "evt-9", Topic: "general", Text: "secret"}, provenclock.Point{}, true)
		r.in["webhook.away"] = true
		task := k.Go("removed", r.Run)
		pause := func(d time.Duration) { _ = k.Sleep(d) }
		pause(2 * time.Minute)
		if list, err := r.do(k, status.SpoolList, ""); err != nil || len(list.Events) != 1 || list.Events[0].Webhook != "forward.away" || !list.Events[0].Removed {
			t.Errorf("%+v, %v", list, err)
		}
		if len(r.said) != 1 || !strings.Contains(r.said[0], "core.away") || strings.Contains(r.said[0], "secret") {
			t.Errorf("said %q", r.said)
		}
		if _, err := r.do(k, status.SpoolRetry, "evt-9"); err == nil || !strings.Contains(err.Error(), "core.away") {
			t.Error(err)
		}
		pause(2 * time.Hour)
		for _, name := range r.disk.Files() {
			if text, _ := r.disk.ReadFile(k, name, 1<<20); strings.HasPrefix(name, outbox.Commands.Dir) && strings.Contains(string(text), "secret") {
				t.Errorf("it is still there: %s", name)
			}
		}
		task.Stop()
	})
}
