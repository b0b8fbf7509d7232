package node_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
	"orac/appliance/stt"
	"orac/appliance/utterance"
)

// TestARecordingSaysWhetherItWasCutOff ends a recording in every way that there is.
func TestARecordingSaysWhetherItWasCutOff(t *testing.T) {
	loud := func(seq int64) *audio.Hop {
		h := &audio.Hop{Seq: seq}
		for i := range h.PCM {
			h.PCM[i] = int16(8000 - 16000*(i%2))
		}
		return h
	}
	type world2 struct {
		k    *rt.Task
		r    *node.Recorder
		task *rt.Task
		hops *rt.Mailbox[*audio.Hop]
	}
	for name, c := range map[string]struct {
		then func(w world2) // after 20 hops in which somebody speaks
		why  utterance.Why
		cut  bool
	}{
		"a pause": {func(w world2) {
			for seq := range int64(20) {
				w.hops.Push(w.k, &audio.Hop{Seq: 30 + seq})
				_ = w.k.Sleep(audio.HopTime)
			}
		}, utterance.Silence, false},
		"a file that is over": {func(w world2) { w.hops.Close(w.k) }, utterance.SoundOver, false},
		"the longest time": {func(w world2) {
			for seq := range int64(200) {
				w.hops.Push(w.k, loud(30+seq))
				_ = w.k.Sleep(audio.HopTime)
			}
		}, utterance.Limit, true},
		"a break in the sound": {func(w world2) {
			h := loud(40)
			h.Reset = true
			w.hops.Push(w.k, h)
		}, utterance.DeviceLost, true},
		"no sound any more": {func(w world2) { _ = w.k.Sleep(3 * time.Second) }, utterance.DeviceLost, true},
		"the appliance ends": {func(w world2) {
			w.r.Drain()
			w.hops.Close(w.k)
		}, utterance.Stopped, true},
		"the appliance ends at once": {func(w world2) {
			w.r.Drain()
			w.task.Stop()
		}, utterance.Stopped, true},
		"a mute": {func(w world2) {
			now := w.k.Now()
			w.r.Mutes.Take(rt.NewCell(node.Mutes{{Listener: "x", From: now, Until: now.Add(time.Second)}}))
			h := loud(30)
			h.At = now
			w.hops.Push(w.k, h)
		}, utterance.Muted, true},
		"a mute, and no sound any more": {func(w world2) {
			w.r.Mutes.Take(rt.NewCell(node.Mutes{{From: w.k.Now(), Until: rt.Never}}))
			_ = w.k.Sleep(3 * time.Second)
		}, utterance.Muted, true},
		"a change that restarts the recorder": {func(w world2) { w.task.Stop() }, utterance.Restarted, true},
	} {
		t.Run(name, func(t *testing.T) {
			world(t, time.Minute, func(k *rt.Task) {
				wakes, follows := rt.NewMailbox[node.Wake]("wakes", 4), rt.NewMailbox[node.Follow]("follows", 4)
				pieces, events := rt.NewMailbox[node.Piece]("pieces", 400), mailbox()
				r := &node.Recorder{
					Name: "recorder.x", Listener: "x", In: wakes, Ring: follows, Out: rt.NewOut(pieces), Events: rt.NewOut(events), Mutes: rt.NewCell(node.Mutes(nil)),
					Config: rt.NewCell(node.RecorderConfig{Deliver: []string{"w"}, PreRoll: time.Second, Stall: 2 * time.Second, End: utterance.EndpointConfig{
						Lead: 3 * time.Second, Silence: 300 * time.Millisecond, Grace: 400 * time.Millisecond, Max: 15 * time.Second, Level: 0.01,
					}}),
				}
				task := k.Go("recorder", r.Run)
				wakes.Push(k, node.Wake{ID: "u", Seq: 10})
				f, err := follows.Recv(k, rt.Never)
				if err != nil {
					t.Fatal(err)
				}
				for seq := f.From; seq < 30; seq++ {
					f.To.Push(k, loud(seq))
				}
				_ = k.Sleep(time.Second)
				c.then(world2{k, r, task, f.To})
				_ = k.Sleep(time.Second)
				task.Stop()
				_ = k.Wait(task, rt.Never)
				var ended []event.RecordingEnded
				for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
					if b, ok := e.Body.(event.RecordingEnded); ok {
						ended = append(ended, b)
					}
				}
				var meta *utterance.Meta
				for p, ok := pieces.TryRecv(k); ok; p, ok = pieces.TryRecv(k) {
					if p.End != nil {
						meta = p.End
					}
				}
				if len(ended) != 1 || ended[0].Why != string(c.why) || ended[0].Cut != c.cut {
					t.Errorf("it says %+v, want %q, cut off: %v", ended, c.why, c.cut)
				}
				if meta == nil || meta.Why != c.why || (meta.Cut() != "") != c.cut {
					t.Errorf("the spool is told %+v", meta)
				}
			})
		})
	}
}

// clerk is a service that takes its time and notes what it is told of a recording.
type clerk struct {
	takes time.Duration
	told  []stt.Utterance
}

func (c *clerk) Transcribe(k *rt.Task, u stt.Utterance, _ []int16) (stt.Result, error) {
	c.told = append(c.told, u)
	return stt.Result{Text: "text"}, k.Sleep(c.takes)
}

func (c *clerk) Stream(k *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	for {
		if _, err := chunks.Recv(k, rt.Never); err != nil {
			break
		}
	}
	c.told = append(c.told, u)
	return stt.Result{Text: "text"}, k.Sleep(c.takes)
}

// TestADeliverySaysHowLongItTookAndWhatWasCutOff, streamed and whole, whatever the wall clock does meanwhile.
func TestADeliverySaysHowLongItTookAndWhatWasCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		live bool
		why  utterance.Why
		want event.Delivered
		told string // the service
	}{
		"streamed, whole":           {true, utterance.Silence, event.Delivered{Way: "ws", Seconds: 0.7}, ""},
		"streamed, cut off":         {true, utterance.Stopped, event.Delivered{Way: "ws", Seconds: 0.7, Cut: true, Why: "stopped"}, ""},
		"http, whole":               {false, utterance.Silence, event.Delivered{Way: "http", Seconds: 0.7}, ""},
		"http, cut off":             {false, utterance.Limit, event.Delivered{Way: "http", Seconds: 0.7, Cut: true, Why: "limit"}, "limit"},
		"a dead recorder":           {false, "", event.Delivered{Way: "http", Seconds: 0.7, Cut: true, Why: "cut by a restart"}, "cut by a restart"},
		"streamed, a dead recorder": {true, "", event.Delivered{Way: "ws", Seconds: 0.7, Cut: true, Why: "cut by a restart"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				d := virtual.New(seed, time.Unix(1e9, 0), nil)
				root := rt.New(d, "test", func(k *rt.Task) error {
					sp, pieces, requests := spoolOn(virtual.NewDisk(1 << 30))
					events, service := mailbox(), &clerk{takes: 700 * time.Millisecond}
					k.Go("spool", sp.Run)
					k.Go("delivery", (&node.Delivery{
						Name: "delivery.w", STT: "w", Spool: requests, Healthy: rt.NewMailbox[node.Seen]("healthy", 1), Events: rt.NewOut(events),
						Config: rt.NewCell(node.DeliveryConfig{Client: service, Live: c.live, Whole: "http", Streamed: "ws", Longest: stt.MaxSpeech, MaxDelay: time.Second}),
					}).Run)
					meta := utterance.Meta{ID: "u", Listener: "x", Deliver: []string{"w"}}
					_ = pieces.Send(k, node.Piece{Utterance: "u", Begin: &meta})
					for range 5 {
						hop(k, pieces, "u")
						_ = k.Sleep(audio.HopTime)
					}
					if c.why == "" {
						_ = pieces.Send(k, node.Piece{Anew: "x"})
					} else {
						meta.EndAt, meta.Why = k.Wall(), c.why
						_ = pieces.Send(k, node.Piece{Utterance: "u", End: &meta})
					}
					_ = k.Sleep(100 * time.Millisecond)
					d.JumpWall(-48 * time.Hour)
					_ = k.Sleep(10 * time.Second)
					var got []event.Delivered
					for e, ok := events.TryRecv(k); ok; e, ok = events.TryRecv(k) {
						if b, ok := e.Body.(event.Delivered); ok {
							got = append(got, b)
						}
					}
					c.want.Utterance, c.want.STT, c.want.Attempts, c.want.Outcome, c.want.Text = "u", "w", 1, "delivered", "text"
					c.want.Of.Listener = "x"
					if diff := cmp.Diff([]event.Delivered{c.want}, got); diff != "" {
						t.Errorf("seed %d (-want +got):\n%s", seed, diff)
					}
					if len(service.told) != 1 || service.told[0].Cut != c.told {
						t.Errorf("seed %d: the service was told %+v", seed, service.told)
					}
					return nil
				})
				d.Run(rt.Instant(time.Minute))
				if !root.Done() {
					t.Error("it hangs")
				}
				d.Close()
			}
		})
	}
}
