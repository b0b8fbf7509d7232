package esphome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"orac/appliance/audio"
	"orac/appliance/entity"
	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/satellite"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
	"orac/web/orders"
)

// rig is a satellite with its door, whose sound, speaker and orders are models. Its clock moves only when nothing else does.
type rig struct {
	*testing.T
	node   *node.ESPHome
	door   *door
	visits chan net.Conn
	plays  *rt.Mailbox[node.PlayAsk]
	asked  []string             // of the player, that nobody has looked at
	sounds map[string]node.Play // by the ID that the satellite gives them
	obeys  *obeys
	driver *live.Driver
	ctx    context.Context // ends with the satellite
	ring   *rt.Mailbox[node.Follow]
	handed *rt.Mailbox[node.Wake]
	events *rt.Mailbox[event.Event]
	hops   *rt.Mailbox[*audio.Hop] // of the last Follow
}

func block() runbook.ESPHome {
	return runbook.ESPHome{
		Address: "esphome.home", Name: "home", Listen: "127.0.0.1:6053", MaxConnections: 8, WakeSound: true,
		Allow: []string{runbook.AllowMute, runbook.AllowThreshold, runbook.AllowWakeWords, runbook.AllowWakeSound, runbook.AllowRestart},
	}
}

// visit tests a satellite. What it has played is asked of nobody: see played.
func visit(t *testing.T, b runbook.ESPHome, test func(r *rig)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { visitIn(t, dir, b, nil, test) })
}

// visitIn tests a satellite that keeps things in a folder. change, if there is one, changes it before it runs.
func visitIn(t *testing.T, dir string, b runbook.ESPHome, change func(r *rig), test func(r *rig)) {
	fs, err := live.OpenFS(dir)
	testkit.Must(t, err)
	defer fs.Close()
	r := &rig{T: t, visits: make(chan net.Conn), sounds: map[string]node.Play{}, obeys: &obeys{}, driver: live.New(nil)}
	r.ring, r.handed = rt.NewMailbox[node.Follow]("follows", 8), rt.NewMailbox[node.Wake]("handed", 8)
	r.events, r.plays = rt.NewMailbox[event.Event]("events", 1000), rt.NewMailbox[node.PlayAsk]("plays", 64)
	cues, sound := rt.NewMailbox[node.Cue]("cues", 16), &rt.Cell[node.Switched]{}
	responder := &node.Responder{
		Name: "responder.kitchen", Listener: "kitchen", Wakes: rt.NewMailbox[node.Wake]("wakes", 8), Cues: cues, Sound: sound,
		News: rt.NewMailbox[event.Event]("news", 8), Out: rt.NewOut(r.plays), Config: rt.NewCell(node.ResponderConfig{Chimes: chimes()}),
	}
	o := Options{
		Orders: r.obeys, Log: slog.New(slog.DiscardHandler), Refused: func(runbook.Address, netip.Addr, string) {},
		Listen: func(string) (net.Listener, error) { return visitors{r.visits, make(chan struct{})}, nil },
	}
	d, err := o.Satellite(b.Address, b.Listen, b.Key)
	testkit.Must(t, err)
	r.door = d.(*door)
	r.node = &node.ESPHome{
		Name: "esphome.home", Satellite: "home", Listener: "kitchen", Listen: b.Listen, Host: "pi", FS: fs, Door: d, Sound: sound,
		Plays: rt.NewOut(r.plays), Cues: rt.NewOut(cues), Seen: rt.NewMailbox[node.PlayerShown]("player", 1),
		In: rt.NewMailbox[node.Wake]("wakes", 8), News: rt.NewMailbox[event.Event]("news", 8), Ring: r.ring, Wakes: rt.NewOut(r.handed),
		Events: rt.NewOut(r.events), Mutes: rt.NewCell(node.Mutes(nil)),
		Config: rt.NewCell(node.ESPHomeConfig{Face: node.ESPHomeFace(b, "kitchen", "1.2.3"), PreRoll: b.PreRoll, WakeSound: b.WakeSound, Appliance: "kitchen", Speaker: "room", Others: true, Chimes: slices.Sorted(maps.Keys(chimes())), Words: []node.ESPHomeWord{
			{Model: "hey_jarvis", Phrase: "hey jarvis", Threshold: 0.5, Enabled: true}, {Model: "alexa", Phrase: "alexa", Threshold: 0.3},
		}}),
	}
	if change != nil {
		change(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.ctx = ctx
	ended := make(chan error, 1)
	go func() { ended <- r.driver.Run(ctx, "satellite", r.node.Run) }()
	go func() { _ = r.driver.Run(ctx, "responder", responder.Run) }()
	synctest.Wait()
	test(r)
	cancel()
	if err := <-ended; !errors.Is(err, rt.ErrStopped) {
		t.Errorf("the satellite ended with %v", err)
	}
	synctest.Wait()
}

// chimes are those of the listener: their loudness tells them apart.
func chimes() map[node.Chime][]play.Frame {
	list := map[node.Chime][]play.Frame{}
	for i, c := range []node.Chime{node.WakeChime, node.DoneChime, node.ErrorChime, node.TimerChime} {
		frames := make([]play.Frame, 5)
		for j := range frames {
			for k := range frames[j] {
				frames[j][k] = int16(100 * (i + 1))
			}
		}
		list[c] = frames
	}
	return list
}

// do does something as a task.
func (r *rig) do(f func(t *rt.Task)) {
	_ = r.driver.Run(r.Context(), "test", func(t *rt.Task) error { f(t); return nil })
	synctest.Wait()
}

// wake says a wake word.
func (r *rig) wake(id string) {
	r.do(func(t *rt.Task) {
		r.node.In.Push(t, node.Wake{ID: id, Seq: 100, At: t.Wall(), Listener: "kitchen", Model: "hey_jarvis", WakeWord: "hey jarvis"})
	})
}

// speak gives the satellite hops of sound; their first samples are the values.
func (r *rig) speak(values ...int16) {
	r.do(func(t *rt.Task) {
		for f, ok := r.ring.TryRecv(t); ok; f, ok = r.ring.TryRecv(t) {
			r.hops = f.To
		}
		for _, v := range values {
			hop := &audio.Hop{RMS: 1000}
			hop.PCM[0] = v
			r.hops.Push(t, hop)
		}
	})
}

// told returns what the satellite has told since the last time, by kind.
func (r *rig) told() string {
	var list []string
	r.do(func(t *rt.Task) {
		for e, ok := r.events.TryRecv(t); ok; e, ok = r.events.TryRecv(t) {
			list = append(list, e.Body.Kind())
		}
	})
	return strings.Join(list, " ")
}

// handedOn returns the wakes that were left to others.
func (r *rig) handedOn() (list []string) {
	r.do(func(t *rt.Task) {
		for w, ok := r.handed.TryRecv(t); ok; w, ok = r.handed.TryRecv(t) {
			list = append(list, w.ID)
		}
	})
	return list
}

// visitors is a listener.
type visitors struct {
	c      chan net.Conn
	closed chan struct{}
}

func (v visitors) Accept() (net.Conn, error) {
	select {
	case c := <-v.c:
		return c, nil
	case <-v.closed:
		return nil, net.ErrClosed
	}
}
func (v visitors) Close() error   { close(v.closed); return nil }
func (v visitors) Addr() net.Addr { return &net.TCPAddr{} }

// client is Home Assistant.
type client struct {
	r    *rig
	raw  net.Conn
	conn *wire.Conn

	mu   sync.Mutex // guards got and gone
	got  []proto.Message
	gone error
}

// dial connects. err is why the connection cannot be used.
func (r *rig) dial(key *wire.Key) (*client, error) {
	a, b := net.Pipe()
	r.visits <- a
	conn, _, err := wire.Dial(b, key)
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	c := &client{r: r, raw: b, conn: conn}
	r.Cleanup(func() { _ = b.Close() })
	go func() {
		for {
			m, err := conn.Next()
			c.mu.Lock()
			if err != nil {
				c.gone = err
				c.mu.Unlock()
				return
			}
			c.got = append(c.got, m)
			c.mu.Unlock()
		}
	}()
	return c, nil
}

// adopt connects as Home Assistant does, and serves the satellite.
func (r *rig) adopt(key *wire.Key) *client {
	r.Helper()
	c, err := r.dial(key)
	testkit.Must(r.T, err)
	c.say(&pb.HelloRequest{ClientInfo: "test", ApiVersionMajor: 1, ApiVersionMinor: 10}, &pb.AuthenticationRequest{})
	c.say(&pb.DeviceInfoRequest{}, &pb.ListEntitiesRequest{})
	c.say(&pb.SubscribeVoiceAssistantRequest{Subscribe: true, Flags: 4})
	c.say(&pb.VoiceAssistantConfigurationRequest{}, &pb.SubscribeStatesRequest{})
	return c
}

func (c *client) say(list ...proto.Message) {
	c.r.Helper()
	if err := c.conn.Write(list...); err != nil {
		c.r.Fatal(err)
	}
	synctest.Wait()
}

// tell tells of a run.
func (c *client) tell(e satellite.EventType, pairs ...string) {
	m := &pb.VoiceAssistantEventResponse{EventType: uint32(e)}
	for i := 0; i < len(pairs); i += 2 {
		m.Data = append(m.Data, &pb.VoiceAssistantEventData{Name: pairs[i], Value: pairs[i+1]})
	}
	c.say(m)
}

// hears returns what has come since the last time.
func (c *client) hears() []proto.Message {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return slices.DeleteFunc(got, func(m proto.Message) bool { // how loud it is does not matter
		level, ok := m.(*pb.SensorStateResponse)
		return ok && !level.MissingState
	})
}

func (c *client) left() error {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

func (c *client) close() {
	_ = c.raw.Close()
	synctest.Wait()
}

// names are the kinds of messages, in order.
func names(list []proto.Message) string {
	var out []string
	for _, m := range list {
		out = append(out, strings.TrimSuffix(string(m.ProtoReflect().Descriptor().Name()), "Response"))
	}
	return strings.Join(out, " ")
}

// of returns the messages of a type.
func of[M proto.Message](list []proto.Message) (found []M) {
	for _, m := range list {
		if x, ok := m.(M); ok {
			found = append(found, x)
		}
	}
	return found
}

// played returns what the player was asked since the last time.
func (r *rig) played() string {
	list := r.asked
	r.asked = nil
	r.do(func(t *rt.Task) {
		for x, ok := r.plays.TryRecv(t); ok; x, ok = r.plays.TryRecv(t) {
			switch x := x.(type) {
			case node.Play:
				if x.Priority == play.Chime {
					list = append(list, "chime "+strings.Fields(x.What)[1])
					continue
				}
				id := strings.TrimPrefix(x.ID, "home 1 ")
				r.sounds[id] = x
				list = append(list, fmt.Sprintf("play %s %s %s", id, x.Source.URL, x.Priority))
			case node.StopPlay:
				what := x.Priority.String()
				if x.ID != "" {
					what = strings.TrimPrefix(x.ID, "home 1 ")
				}
				list = append(list, strings.TrimSpace(fmt.Sprintf("stop %s %s", what, x.Cause)))
			case node.PausePlay:
				list = append(list, fmt.Sprintf("pause %s %v", strings.TrimPrefix(x.ID, "home 1 "), x.Paused))
			case node.SetVolume:
				list = append(list, fmt.Sprintf("volume %.2f", x.Volume))
			case node.SetMuted:
				list = append(list, fmt.Sprintf("muted %v", x.Muted))
			}
		}
	})
	return strings.Join(list, ", ")
}

// end ends a sound.
func (r *rig) end(id string, ok bool) {
	r.Helper()
	list := r.played()
	x, known := r.sounds["home-assistant-"+id]
	if !known {
		r.Fatalf("no sound %s is played: %s", id, list)
	}
	cause := play.Failed
	if ok {
		cause = play.Done
	}
	r.asked = []string{list}
	r.do(func(t *rt.Task) { x.Told.Push(t, play.Told{ID: x.ID, Ended: true, Cause: cause}) })
}

// switchWakeSound does what core.Core.WakeSound does.
func (r *rig) switchWakeSound(on bool) {
	r.node.Sound.Take(rt.NewCell(node.Switched{Touched: true, On: on}))
	r.do(func(t *rt.Task) {
		r.node.News.Push(t, event.Event{Body: event.WakeSound{Listener: "kitchen", On: on, By: "esphome.home"}})
	})
}

// obeys notes what it is told to do.
type obeys struct {
	mu   sync.Mutex // guards did and fail
	did  []string
	fail error
}

func (o *obeys) note(format string, args ...any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.did = append(o.did, fmt.Sprintf(format, args...))
	return o.fail
}

func (o *obeys) Set(_ context.Context, by orders.By, e entity.Entity, to entity.State) error {
	if err := e.Takes(to); err != nil {
		return err
	}
	switch e.Kind {
	case entity.Switch:
		return o.note("%s %s %s %v", e.Order, by.Block, e.Listener, to.On)
	case entity.Number:
		return o.note("%s %s %g", e.Order, e.Model, to.Number)
	}
	return o.note("%s", e.Order)
}
func (o *obeys) WakeWords(_ context.Context, _ orders.By, words map[string]bool) error {
	return o.note("words %v", words)
}

func (o *obeys) done() string {
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	did := strings.Join(o.did, ", ")
	o.did = nil
	return did
}

// keyed is a block with a key.
func keyed() (runbook.ESPHome, *wire.Key) {
	b, key := block(), wire.NewKey()
	b.Key, b.Listen = language.NewSecret(key.Text()), ":6053"
	return b, &key
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
