package node_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/status"
	"orac/appliance/stt/wire"
	"orac/runbook/hook"
)

// receiver is a model of who takes events.
type receiver struct {
	fails func(k *rt.Task, what string) error // what it does with an event; nil: it takes it
	taken []string                            // kind and what it is about, in order
	tries map[string]int
}

func (r *receiver) Send(k *rt.Task, m notify.Message) error {
	what := string(m.Body)
	r.tries[what]++
	if err := k.Sleep(time.Millisecond); err != nil {
		return err
	}
	if r.fails != nil {
		if err := r.fails(k, what); err != nil {
			return err
		}
	}
	r.taken = append(r.taken, what)
	return nil
}

func refuses(kind wire.Kind, status int) error {
	return &wire.Error{Op: "webhook", Address: "http://x", Kind: kind, Status: status, Cause: errors.New("no")}
}

// hooked is a webhook with what goes to it and what it says.
type hooked struct {
	*node.Webhook
	wakes  *rt.Mailbox[node.Wake]
	news   *rt.Mailbox[event.Event]
	asks   *rt.Mailbox[node.ManageHook]
	events *rt.Mailbox[event.Event]
	task   *rt.Task
}

// brief makes an event a word, so that tests can name it.
func brief(e hook.Event) (notify.Message, error) {
	m := notify.Message{ID: hook.HeadOf(e).ID, Method: "POST", URL: "http://x"}
	switch e := e.(type) {
	case *hook.Wake:
		m.Body = fmt.Append(nil, "wake ", e.Wake)
	case *hook.Transcript:
		if e.Text == "unmakeable" {
			return m, refuses(wire.Refused, 0)
		}
		m.Body = fmt.Append(nil, "said ", e.Text)
	case *hook.Recording:
		m.Body = fmt.Append(nil, e.State, " ", e.Utterance)
	case *hook.Delivery:
		m.Body = fmt.Append(nil, e.State, " ", e.Utterance)
	case *hook.Incident:
		m.Body = fmt.Append(nil, e.State, " ", e.Component)
	case *hook.Health:
		m.Body = fmt.Append(nil, e.Component, " ", e.To)
	}
	return m, nil
}

func hookOn(k *rt.Task, d *virtual.Disk, r *receiver, change func(*node.WebhookConfig)) hooked {
	r.tries = map[string]int{}
	c := node.WebhookConfig{Client: r, Make: brief, Kinds: hook.Names(), Limits: outbox.Limits{Bytes: 1 << 20, Keep: 24 * time.Hour}, MaxDelay: 8 * time.Second, Appliance: "a", InstanceID: "i"}
	if change != nil {
		change(&c)
	}
	h := hooked{
		wakes: rt.NewMailbox[node.Wake]("wakes", 16), news: rt.NewMailbox[event.Event]("news", 4096),
		asks: rt.NewMailbox[node.ManageHook]("requests", 1), events: rt.NewMailbox[event.Event]("events", 4096),
	}
	h.Webhook = &node.Webhook{
		Name: "webhook.x", Hook: "x", FS: d, Config: rt.NewCell(c),
		In: h.wakes, News: h.news, Requests: h.asks, Events: rt.NewOut(h.events),
	}
	h.task = k.Go("webhook", h.Run)
	return h
}

// say tells the webhook of a command that was understood.
func (h hooked) say(k *rt.Task, text string) {
	h.news.Push(k, event.Event{At: k.Wall(), Body: event.Delivered{Utterance: "u-" + text, STT: "w", Outcome: "delivered", Text: text, Of: event.Origin{Listener: "kitchen", Device: "usb"}}})
}

func pause(k *rt.Task, d time.Duration) { _ = k.Sleep(d) }

// said are the events of a kind that the webhook itself says.
func said[B event.Body](k *rt.Task, h hooked) (list []B) {
	for e, ok := h.events.TryRecv(k); ok; e, ok = h.events.TryRecv(k) {
		if b, is := e.Body.(B); is {
			list = append(list, b)
		}
	}
	return list
}

func TestEventsReachTheReceiverInOrder(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		r := &receiver{}
		h := hookOn(k, virtual.NewDisk(1<<30), r, nil)
		of := event.Origin{Wake: "w1", Listener: "kitchen", Device: "usb"}
		h.wakes.Push(k, node.Wake{ID: "w1", Model: "m"})
		for _, b := range []event.Body{
			event.RecordingStarted{Utterance: "u1", Of: of}, event.RecordingEnded{Utterance: "u1", Why: "silence", Of: of},
			event.DeliveryFailed{Utterance: "u1", STT: "w", Attempt: 1, Of: of}, event.DeliveryFailed{Utterance: "u1", STT: "w", Attempt: 2, Of: of},
			event.Delivered{Utterance: "u1", STT: "w", Outcome: "delivered", Text: "lights", Of: of}, event.Delivered{Utterance: "u2", STT: "w", Outcome: "failed", Of: of},
			event.Dropped{Utterance: "u3", Of: of}, event.IncidentTold{ID: "1", Component: "source.usb"}, event.IncidentTold{ID: "1", Component: "source.usb", Closed: true},
			event.HealthTold{Component: "appliance", To: "degraded"}, event.Spooled{Utterance: "u1"},
		} {
			h.news.Push(k, event.Event{At: k.Wall(), Body: b})
		}
		pause(k, 10*time.Second)
		want := []string{"wake w1", "started u1", "ended u1", "waiting u1", "delivered u1", "said lights", "aside u2", "lost u3",
			"opened source.usb", "closed source.usb", "appliance degraded"}
		if !slices.Equal(r.taken, want) {
			t.Errorf("taken %q\nwant  %q", r.taken, want)
		}
		if n := len(said[event.WebhookTaken](k, h)); n != len(want) {
			t.Errorf("%d of %d are told", n, len(want))
		}
		h.task.Stop()
	})
}

// TestAWebhookThatHangsStopsNobody: who tells it never waits, and what it was told is on the disk when it ends.
func TestAWebhookThatHangsStopsNobody(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		d := virtual.NewDisk(1 << 30)
		r := &receiver{fails: func(k *rt.Task, _ string) error { return k.Sleep(time.Hour) }}
		h := hookOn(k, d, r, nil)
		from := k.Now()
		for i := range 100 {
			h.say(k, fmt.Sprint(i))
		}
		if k.Now() != from {
			t.Error("a writer had to wait")
		}
		pause(k, time.Second)
		h.say(k, "last")
		h.task.Stop()
		if err := k.Wait(h.task, k.Now().Add(time.Second)); !errors.Is(err, rt.ErrStopped) {
			t.Errorf("it ended with %v", err)
		}
		again := &receiver{}
		h = hookOn(k, d, again, nil)
		pause(k, 10*time.Second)
		if n := len(again.taken); n != 202 || again.taken[201] != "said last" {
			t.Errorf("%d after the restart, the last %q", n, again.taken[n-1])
		}
		h.task.Stop()
	})
}

// TestAReceiverThatIsAwayIsWaitedFor: nothing is set aside, however long that takes, and all comes in order.
func TestAReceiverThatIsAwayIsWaitedFor(t *testing.T) {
	for _, err := range []error{refuses(wire.Unreachable, 0), refuses(wire.Late, 0), refuses(wire.Busy, 503), refuses(wire.Unauthorised, 401), refuses(wire.Unreachable, 404)} {
		world(t, 3*time.Hour, func(k *rt.Task) {
			back := k.Now().Add(time.Hour)
			r := &receiver{fails: func(k *rt.Task, _ string) error {
				if k.Now() < back {
					return err
				}
				return nil
			}}
			h := hookOn(k, virtual.NewDisk(1<<30), r, nil)
			var want []string
			for i := range 20 {
				h.say(k, fmt.Sprint(i))
				want = append(want, fmt.Sprint("delivered u-", i), fmt.Sprint("said ", i))
				pause(k, time.Minute)
			}
			pause(k, time.Hour)
			if !slices.Equal(r.taken, want) || h.Shown().Aside != 0 {
				t.Errorf("%v: taken %q, %+v", err, r.taken, h.Shown())
			}
			h.task.Stop()
		})
	}
}

// TestOneBadEventStopsNoOther, whatever it is that the receiver does with it; the others come in order, each once.
func TestOneBadEventStopsNoOther(t *testing.T) {
	for name, fails := range map[string]func(*rt.Task) error{
		"500":   func(*rt.Task) error { return refuses(wire.Busy, 500) },
		"503":   func(*rt.Task) error { return refuses(wire.Busy, 503) },
		"400":   func(*rt.Task) error { return refuses(wire.Refused, 400) },
		"403":   func(*rt.Task) error { return refuses(wire.Unauthorised, 403) },
		"404":   func(*rt.Task) error { return refuses(wire.Unreachable, 404) },
		"414":   func(*rt.Task) error { return refuses(wire.Unreachable, 414) },
		"reset": func(*rt.Task) error { return refuses(wire.Unreachable, 0) },
		"hang":  func(k *rt.Task) error { pause(k, 5*time.Second); return refuses(wire.Late, 0) },
		"makes": nil,
	} {
		world(t, time.Hour, func(k *rt.Task) {
			bad := "said bad"
			r := &receiver{fails: func(k *rt.Task, what string) error {
				if what == bad {
					return fails(k)
				}
				return nil
			}}
			h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) { c.Kinds = []string{"transcript"} })
			text := "bad"
			if fails == nil {
				text = "unmakeable"
			}
			for _, s := range []string{"1", text, "2", "3"} {
				h.say(k, s)
			}
			pause(k, 3*time.Minute)
			if want := []string{"said 1", "said 2", "said 3"}; !slices.Equal(r.taken, want) || h.Shown().Aside != 1 || h.Shown().Waiting != 0 {
				t.Errorf("%s: taken %q, %+v", name, r.taken, h.Shown())
			}
			if told := said[event.WebhookAside](k, h); len(told) != 1 || told[0].InARow != 1 || told[0].Type != "transcript" {
				t.Errorf("%s: told of %+v", name, told)
			}
			h.task.Stop()
		})
	}
}

// TestABadEventAloneIsTriedOn: nothing shows that it is to blame.
func TestABadEventAloneIsTriedOn(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		r := &receiver{fails: func(*rt.Task, string) error { return refuses(wire.Busy, 500) }}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) { c.Kinds = []string{"transcript"} })
		h.say(k, "1")
		pause(k, 10*time.Minute)
		if h.Shown().Aside != 0 || h.Shown().Waiting != 1 || r.tries["said 1"] < 60 {
			t.Errorf("%+v, %v", h.Shown(), r.tries)
		}
		h.task.Stop()
	})
}

// TestAReceiverThatIsGone is sent nothing more until its settings are others.
func TestAReceiverThatIsGone(t *testing.T) {
	world(t, 3*time.Hour, func(k *rt.Task) {
		r := &receiver{fails: func(*rt.Task, string) error { return refuses(wire.Unreachable, 410) }}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) { c.Kinds = []string{"transcript"} })
		for _, s := range []string{"1", "2"} {
			h.say(k, s)
		}
		pause(k, time.Hour)
		told := said[event.WebhookFailed](k, h)
		if len(r.tries) != 1 || r.tries["said 1"] != 1 || !h.Shown().Gone || len(told) != 1 || !told[0].Gone || !told[0].Denied {
			t.Errorf("%v, %+v, %+v", r.tries, h.Shown(), told)
		}
		r.fails = nil
		c := h.Config.Get()
		h.Update(&node.Webhook{Config: rt.NewCell(c)})
		pause(k, 2*time.Minute)
		if !slices.Equal(r.taken, []string{"said 1", "said 2"}) || h.Shown().Gone {
			t.Errorf("%q, %+v", r.taken, h.Shown())
		}
		h.task.Stop()
	})
}

func TestARetryIsNotBeforeItsTime(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		var at []time.Duration
		r := &receiver{fails: func(k *rt.Task, _ string) error {
			at = append(at, k.Now().Sub(0))
			e := refuses(wire.Busy, 429).(*wire.Error)
			e.RetryAfter = 50 * time.Second
			return e
		}}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) { c.Kinds = []string{"transcript"} })
		h.say(k, "1")
		pause(k, 10*time.Minute)
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < 50*time.Second {
				t.Errorf("tried after %v", at[i]-at[i-1])
			}
		}
		if len(at) < 10 {
			t.Errorf("%d tries", len(at))
		}
		h.task.Stop()
	})
}

// TestAWebhookIsToldWhatItAsksFor: kinds, listeners with their devices, and the wakes of models that name it.
func TestAWebhookIsToldWhatItAsksFor(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		r := &receiver{}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) {
			c.Kinds, c.Models, c.Listeners, c.Devices = []string{"transcript", "incident"}, []string{"named"}, []string{"kitchen"}, []string{"usb"}
		})
		h.wakes.Push(k, node.Wake{ID: "1", Model: "named", Listener: "kitchen"})
		h.wakes.Push(k, node.Wake{ID: "2", Model: "other", Listener: "kitchen"})
		h.say(k, "here")
		h.news.Push(k, event.Event{At: k.Wall(), Body: event.Delivered{Text: "elsewhere", Of: event.Origin{Listener: "cellar"}}})
		for _, i := range []event.IncidentTold{
			{Component: "source.usb", Of: event.Origin{Device: "usb"}}, {Component: "source.other", Of: event.Origin{Device: "other"}},
			{Component: "trigger.cellar", Of: event.Origin{Listener: "cellar"}}, {Component: "disk"},
		} {
			i.ID = i.Component
			h.news.Push(k, event.Event{At: k.Wall(), Body: i})
		}
		pause(k, time.Second)
		if want := []string{"wake 1", "said here", "opened source.usb", "opened disk"}; !slices.Equal(r.taken, want) {
			t.Errorf("%q, want %q", r.taken, want)
		}
		h.task.Stop()
	})
}

// TestPeopleManageTheQueue: they see it, drop what waits, and try again what was set aside.
func TestPeopleManageTheQueue(t *testing.T) {
	world(t, time.Hour, func(k *rt.Task) {
		r := &receiver{fails: func(_ *rt.Task, what string) error {
			if what == "said bad" {
				return refuses(wire.Refused, 400)
			}
			return refuses(wire.Unauthorised, 401)
		}}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) { c.Kinds = []string{"transcript"} })
		ask := func(do, id string) node.Managed {
			reply := rt.NewMailbox[node.Managed]("reply", 1)
			h.asks.TrySend(k, node.ManageHook{SpoolRequest: status.SpoolRequest{Do: do, ID: id}, Reply: reply})
			m, err := reply.Recv(k, k.Now().Add(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for _, s := range []string{"bad", "1", "2"} {
			h.say(k, s)
		}
		pause(k, time.Minute)
		list := ask(status.SpoolList, "").Events
		if len(list) != 3 || list[0].State != "waiting" || list[2].State != "refused" || !strings.Contains(list[2].Cause, "400") || !node.IsEvent(list[2].ID) {
			t.Fatalf("%+v", list)
		}
		if err := errors.Join(ask(status.SpoolDrop, list[1].ID).Err, ask(status.SpoolRetry, list[2].ID).Err); err != nil {
			t.Error(err)
		}
		if refused, ok := errors.AsType[*status.Refusal](ask(status.SpoolDrop, "evt-none").Err); !ok || refused.Code != status.Unknown {
			t.Error("what is not there is dropped")
		}
		r.fails = nil
		pause(k, time.Minute)
		if want := []string{"said 1", "said bad"}; !slices.Equal(r.taken, want) {
			t.Errorf("%q, want %q", r.taken, want)
		}
		h.task.Stop()
	})
}

// TestEventsAreWhole: identity, time with its zone, and no text or number that JSON does not take.
func TestEventsAreWhole(t *testing.T) {
	world(t, time.Minute, func(k *rt.Task) {
		var all []hook.Event
		r := &receiver{}
		h := hookOn(k, virtual.NewDisk(1<<30), r, func(c *node.WebhookConfig) {
			c.Make = func(e hook.Event) (notify.Message, error) { all = append(all, e); return brief(e) }
		})
		h.wakes.Push(k, node.Wake{ID: "w", Model: "m", At: k.Wall()})
		h.say(k, "bad \xff text")
		pause(k, time.Second)
		ids := map[string]bool{}
		for i, e := range all {
			head := hook.HeadOf(e)
			at, err := time.Parse(time.RFC3339Nano, head.Timestamp)
			if head.Schema != 1 || head.Sequence != uint64(i+1) || ids[head.ID] || head.Appliance != "a" || head.InstanceID != "i" || err != nil || !at.Equal(k.Wall().Add(-time.Second)) {
				t.Errorf("%+v", head)
			}
			ids[head.ID] = true
		}
		if len(all) != 3 || all[2].(*hook.Transcript).Text != "bad \uFFFD text" {
			t.Errorf("%+v", all)
		}
		h.task.Stop()
	})
}
