package esphome

import (
	"encoding/json"
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/appliance/entity"
	wire "orac/appliance/esphome"
	"orac/appliance/esphome/pb"
	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/appliance/satellite"
	"orac/runbook/testkit"
)

// TestTheKeyIsSet once, by the first client, and kept. Before that a client learns who the satellite is, and nothing else; afterwards
// nobody gets in without it.
func TestTheKeyIsSet(t *testing.T) {
	b := block()
	b.Listen, b.AcceptKey = ":6053", true
	zero := wire.Key{}
	for name, first := range map[string]*wire.Key{"unencrypted": nil, "with the key of zeros": &zero} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			key := wire.NewKey()
			synctest.Test(t, func(t *testing.T) {
				visitIn(t, dir, b, nil, func(r *rig) {
					c := r.adopt(first)
					got := c.hears()
					if names(got) != "Hello Authentication DeviceInfo ListEntitiesDone" || r.node.Shown().Home {
						r.Errorf("without a key: %s, %+v", names(got), r.node.Shown())
					}
					if info := of[*pb.DeviceInfoResponse](got)[0]; !info.ApiEncryptionSupported || !info.ApiEncryptionProvisionable {
						r.Errorf("%v", info)
					}
					for _, bad := range []string{"", "secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="} {
						c.say(&pb.NoiseEncryptionSetKeyRequest{Key: []byte(bad)})
						if a := of[*pb.NoiseEncryptionSetKeyResponse](c.hears()); len(a) != 1 || a[0].Success {
							r.Errorf("the key %q: %v", bad, a)
						}
					}
					c.say(&pb.NoiseEncryptionSetKeyRequest{Key: []byte(key.Text())})
					if a := of[*pb.NoiseEncryptionSetKeyResponse](c.hears()); len(a) != 1 || !a[0].Success {
						r.Fatalf("%v", a)
					}
					other := wire.NewKey()
					c.say(&pb.NoiseEncryptionSetKeyRequest{Key: []byte(other.Text())})
					if a := of[*pb.NoiseEncryptionSetKeyResponse](c.hears()); len(a) != 1 || a[0].Success {
						r.Errorf("a second key: %v", a)
					}
					onlyWith(r, &key)
				})
			})
			info, err := os.Stat(filepath.Join(dir, "esphome", "home.json"))
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("the file of the key: %v, %v", info, err)
			}
			synctest.Test(t, func(t *testing.T) { visitIn(t, dir, b, nil, func(r *rig) { onlyWith(r, &key) }) })
		})
	}
}

// onlyWith proves that the key is needed, and is enough.
func onlyWith(r *rig, key *wire.Key) {
	r.Helper()
	zero, other := wire.Key{}, wire.NewKey()
	for _, wrong := range []*wire.Key{&zero, &other} {
		if _, err := r.dial(wrong); !errors.Is(err, wire.ErrKeyDiffers) {
			r.Errorf("another key: %v", err)
		}
	}
	c, err := r.dial(nil)
	testkit.Must(r.T, err)
	_ = c.conn.Write(&pb.HelloRequest{})
	if !errors.Is(c.left(), wire.ErrFormat) { // a client that speaks unencrypted reads the first byte of the answer
		r.Errorf("unencrypted: %v", c.left())
	}
	c.close()
	good := r.adopt(key)
	if got := names(good.hears()); !strings.Contains(got, "ListEntitiesSwitch") {
		r.Errorf("with the key: %s", got)
	}
	good.close()
}

// TestAKeyThatCannotBeRead keeps everybody out until it can: the first who comes might be anybody.
func TestAKeyThatCannotBeRead(t *testing.T) {
	b := block()
	b.Listen, b.AcceptKey = ":6053", true
	dir := t.TempDir()
	testkit.Must(t, os.Mkdir(filepath.Join(dir, "esphome"), 0o700))
	file := filepath.Join(dir, "esphome", "home.json")
	testkit.Must(t, os.WriteFile(file, []byte("{"), 0o600))
	key := wire.NewKey()
	synctest.Test(t, func(t *testing.T) {
		visitIn(t, dir, b, nil, func(r *rig) {
			c, err := r.dial(nil)
			testkit.Must(r.T, err)
			_ = c.conn.Write(&pb.HelloRequest{})
			if c.left() == nil || !strings.Contains(r.node.Trouble(), "cannot be read") {
				r.Errorf("somebody got in: %q", r.node.Trouble())
			}
			c.close()
			text, _ := json.Marshal(map[string]string{"key": key.Text()})
			testkit.Must(r.T, os.WriteFile(file, text, 0o600))
			pass(3 * time.Second)
			onlyWith(r, &key)
			if r.node.Trouble() != "" {
				r.Error(r.node.Trouble())
			}
		})
	})
}

// TestOrders: what clients want is done if the block allows it and it makes sense; and they are told how it is then.
func TestOrders(t *testing.T) {
	b, key := keyed()
	at := func(id string, kind entity.Kind) uint32 { return keyOf(entity.Entity{ID: id, Kind: kind}) }
	threshold := at("threshold_hey_jarvis", entity.Number)
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		c.hears()
		c.say(&pb.SwitchCommandRequest{Key: at("mute", entity.Switch), State: true}, &pb.NumberCommandRequest{Key: threshold, State: 0.7},
			&pb.ButtonCommandRequest{Key: at("restart", entity.Button)}, &pb.VoiceAssistantSetConfiguration{ActiveWakeWords: []string{"alexa", "unknown"}})
		got := strings.Split(r.obeys.done(), ", ")
		mute := slices.Index(got, "mute esphome.home kitchen true") // it waits for none of the others
		if mute < 0 || strings.Join(slices.Delete(got, mute, mute+1), ", ") != "threshold hey_jarvis 0.7, restart, words map[alexa:true hey_jarvis:false]" {
			r.Errorf("%q", got)
		}
		if got := names(c.hears()); got != "SwitchState NumberState" && got != "NumberState SwitchState" { // the model has changed nothing, and clients must know
			r.Errorf("%s", got)
		}
		c.say(&pb.NumberCommandRequest{Key: threshold, State: 7}, &pb.NumberCommandRequest{Key: threshold, State: float32(math.NaN())},
			&pb.NumberCommandRequest{Key: threshold, State: -1}, &pb.SwitchCommandRequest{Key: 4711, State: true}, &pb.VoiceAssistantSetConfiguration{},
			&pb.VoiceAssistantSetConfiguration{ActiveWakeWords: []string{"hey_jarvis"}})
		if got := r.obeys.done(); got != "" {
			r.Errorf("it does %s", got)
		}
		c.say(&pb.SwitchCommandRequest{Key: at("wake_sound", entity.Switch)})
		if got := r.obeys.done(); got != "wake_sound esphome.home kitchen false" {
			r.Errorf("%s", got)
		}
		r.switchWakeSound(false)
		if s := of[*pb.SwitchStateResponse](c.hears()); len(s) == 0 || s[len(s)-1].State {
			r.Errorf("%v", s)
		}
		r.wake("w1")
		if got := r.played(); got != "stop answer barge-in" {
			r.Errorf("%s", got)
		}
		c.say(&pb.MediaPlayerCommandRequest{Key: at("media_player", entity.MediaPlayer), HasVolume: true, Volume: 0.5, HasCommand: true, Command: pb.MediaPlayerCommand_MUTE})
		if got := r.played(); got != "volume 0.50, muted true" {
			r.Errorf("%s", got)
		}
		r.do(func(t *rt.Task) {
			r.node.Seen.Push(t, node.PlayerShown{Speaker: "room", Volume: 0.5, Muted: true})
		})
		if s := of[*pb.MediaPlayerStateResponse](c.hears()); len(s) != 1 || s[0].Volume != 0.5 || !s[0].Muted || s[0].State == 0 {
			r.Errorf("%v", s)
		}
	})
	b.Allow = nil
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		if got := names(c.hears()); strings.Contains(got, "Switch") || strings.Contains(got, "Number") || strings.Contains(got, "Button") {
			r.Errorf("it offers %s", got)
		}
		c.say(&pb.SwitchCommandRequest{Key: at("mute", entity.Switch), State: true}, &pb.NumberCommandRequest{Key: threshold, State: 0.7},
			&pb.ButtonCommandRequest{Key: at("restart", entity.Button)}, &pb.VoiceAssistantSetConfiguration{ActiveWakeWords: []string{"alexa"}})
		if got := r.obeys.done(); got != "" {
			r.Errorf("it does %s", got)
		}
	})
}

// TestBounds: who says nothing, who takes nothing, who says too much, and who says it wrong.
func TestBounds(t *testing.T) {
	b, key := keyed()
	b.MaxConnections = 3
	visit(t, b, func(r *rig) {
		home := r.adopt(key)
		home.hears()
		silent, err := r.dial(key)
		testkit.Must(r.T, err)
		pass(31 * time.Second)
		if silent.left() == nil {
			r.Error("who says nothing stays")
		}
		a, mute := net.Pipe() // reads nothing
		r.visits <- a
		pass(61 * time.Second)
		if _, err := mute.Write([]byte{1}); err == nil {
			r.Error("who makes no handshake stays")
		}
		rude, err := r.dial(key)
		testkit.Must(r.T, err)
		rude.say(&pb.DeviceInfoRequest{})
		if rude.left() == nil {
			r.Error("who says no hello stays")
		}
		if home.left() != nil || !r.node.Shown().Home {
			r.Errorf("Home Assistant has suffered: %v", home.left())
		}
		crowd := 0
		for range 10 {
			if c, err := r.dial(key); err == nil && c.left() == nil {
				crowd++
			}
			pass(2 * time.Second)
		}
		if n := r.door.Connections(); n > 3 || home.left() != nil || crowd == 0 {
			r.Errorf("%d connections of %d; %v", n, crowd, home.left())
		}
	})
}

// TestWhoTakesNothing is disconnected, and the others are not held up.
func TestWhoTakesNothing(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		a, raw := net.Pipe()
		r.visits <- a
		conn, _, err := wire.Dial(raw, key)
		testkit.Must(r.T, err)
		testkit.Must(r.T, conn.Write(&pb.HelloRequest{}))
		_, _ = conn.Next()
		testkit.Must(r.T, conn.Write(&pb.SubscribeStatesRequest{}, &pb.SubscribeVoiceAssistantRequest{Subscribe: true}))
		synctest.Wait()
		start := time.Now()
		r.wake("w1")
		r.speak(make([]int16, 300)...)
		other := r.adopt(key)
		if got := names(other.hears()); !strings.Contains(got, "ListEntitiesDone") || time.Since(start) > time.Second {
			r.Errorf("after %v: %s", time.Since(start), got)
		}
		pass(11 * time.Second)
		if n := r.door.Connections(); n != 1 {
			r.Errorf("%d connections", n)
		}
		_ = raw.Close()
	})
}

// TestReconnects: a hundred of them leave nothing behind.
func TestReconnects(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		r.adopt(key).close()
		before := runtime.NumGoroutine()
		for range 100 {
			c := r.adopt(key)
			r.wake("w")
			r.speak(1)
			c.say(&pb.VoiceAssistantResponse{})
			c.close()
		}
		pass(time.Second)
		r.door.mu.Lock()
		defer r.door.mu.Unlock()
		s := r.door.now.Load()
		if n := runtime.NumGoroutine(); n > before || s.crowd.Size() != 0 || len(s.conns) != 0 || s.voice != nil || len(s.queue) != 0 {
			r.Errorf("%d goroutines, before %d; %d connections, %d known, %d told", n, before, s.crowd.Size(), len(s.conns), len(s.queue))
		}
	})
}

// TestAnotherFace: clients that know something old are told to come again. A change that they are told of is none.
func TestAnotherFace(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		c.hears()
		change := func(f func(c *node.ESPHomeConfig)) {
			cfg := r.node.Config.Get()
			cfg.Words = append([]node.ESPHomeWord(nil), cfg.Words...)
			f(&cfg)
			r.node.Config.Take(rt.NewCell(cfg))
			pass(3 * time.Second)
		}
		change(func(c *node.ESPHomeConfig) { c.Words[0].Threshold = 0.6 })
		if got := of[*pb.NumberStateResponse](c.hears()); len(got) != 1 || got[0].State != 0.6 || c.left() != nil {
			r.Errorf("%v, %v", got, c.left())
		}
		change(func(c *node.ESPHomeConfig) { c.Words = c.Words[:1] })
		if got := names(c.hears()); !strings.HasSuffix(got, "DisconnectRequest") || c.left() == nil {
			r.Errorf("%s, %v", got, c.left())
		}
		c = r.adopt(key)
		b, fresh := keyed()
		change(func(c *node.ESPHomeConfig) { c.Face = node.ESPHomeFace(b, "kitchen", "1.2.3") })
		if c.left() == nil {
			r.Error("who has the old key stays")
		}
		onlyWith(r, fresh)
	})
}

// TestTheAnnouncement says what Home Assistant looks for.
func TestTheAnnouncement(t *testing.T) {
	f := satellite.Face{Name: "orac-kitchen", Friendly: "Kitchen", MAC: [6]byte{2, 0xab}, Listen: ":6053", Advertise: true, AcceptKey: true, Version: "1.2.3"}
	a := announcementOf(f)
	if a.Type != "_esphomelib._tcp" || a.Name != "orac-kitchen" || !strings.Contains(a.Text, "mac=02ab00000000\n") || !strings.Contains(a.Text, "api_encryption_supported="+wire.EncryptionName) {
		t.Errorf("%+v", a)
	}
	f.Advertise = false
	if a := announcementOf(f); a.Type != "" {
		t.Errorf("%+v", a)
	}
}
