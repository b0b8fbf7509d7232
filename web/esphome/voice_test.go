package esphome

import (
	"slices"
	"strings"
	"testing"
	"time"

	"orac/appliance/esphome/pb"
	"orac/appliance/satellite"
)

// TestAdoption: Home Assistant learns what it needs, in the order in which it asks, and what is not there is not offered.
func TestAdoption(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		got := c.hears()
		want := "Hello Authentication DeviceInfo ListEntitiesMediaPlayer ListEntitiesSwitch ListEntitiesSwitch ListEntitiesTextSensor ListEntitiesTextSensor " +
			"ListEntitiesSensor ListEntitiesNumber ListEntitiesNumber ListEntitiesBinarySensor ListEntitiesButton ListEntitiesUpdate ListEntitiesDone " +
			"VoiceAssistantConfiguration MediaPlayerState SwitchState SwitchState TextSensorState TextSensorState SensorState NumberState NumberState BinarySensorState UpdateState"
		if names(got) != want {
			r.Errorf("%s", names(got))
		}
		hello, info := of[*pb.HelloResponse](got)[0], of[*pb.DeviceInfoResponse](got)[0]
		if hello.Name != info.Name || info.Name != "orac-kitchen" || info.VoiceAssistantFeatureFlags != 61 || !strings.Contains(info.ProjectName, ".") ||
			len(info.MacAddress) != 17 || !info.ApiEncryptionSupported || info.ApiEncryptionProvisionable {
			r.Errorf("%v, %v", hello, info)
		}
		if s := of[*pb.MediaPlayerStateResponse](got)[0]; s.State != pb.MediaPlayerState_PLAYER_IDLE {
			r.Errorf("%v", s)
		}
		words := of[*pb.VoiceAssistantConfigurationResponse](got)[0]
		if len(words.AvailableWakeWords) != 2 || !slices.Equal(words.ActiveWakeWords, []string{"hey_jarvis"}) || words.MaxActiveWakeWords != 2 {
			r.Errorf("%v", words)
		}
		if s := r.node.Shown(); !s.Home || !s.Keyed || s.Connections != 1 || s.Phase != "ready" {
			r.Errorf("%+v", s)
		}
		if r.told() != "door_opened home_arrived" {
			r.Error("it tells something else")
		}
	})
}

// TestACommand: from the wake word to the answer, with the sound in between.
func TestACommand(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		c.hears()
		r.wake("w1")
		r.speak(1, 2)
		got := c.hears()
		if names(got) != "VoiceAssistantRequest TextSensorState" && names(got) != "TextSensorState VoiceAssistantRequest" {
			r.Fatalf("before Home Assistant has answered it hears %s", names(got))
		}
		if q := of[*pb.VoiceAssistantRequest](got)[0]; !q.Start || q.WakeWordPhrase != "hey jarvis" {
			r.Errorf("%v", q)
		}
		c.say(&pb.VoiceAssistantResponse{})
		r.speak(3)
		sound := of[*pb.VoiceAssistantAudio](c.hears())
		if len(sound) != 3 || sound[0].Data[0] != 1 || sound[2].Data[0] != 3 || len(sound[0].Data) != 2560 {
			r.Fatalf("%d pieces of sound", len(sound))
		}
		c.tell(satellite.EventRunStart, "url", "http://ha/tts")
		c.tell(satellite.EventVADEnd)
		r.speak(4)
		if names(c.hears()) != "" {
			r.Error("sound goes on after the end of the command")
		}
		c.tell(satellite.EventSTTEnd, "text", "turn on the light")
		if s := of[*pb.TextSensorStateResponse](c.hears()); len(s) != 1 || s[0].State != "turn on the light" {
			r.Errorf("%v", s)
		}
		c.tell(satellite.EventTTSEnd, "url", "http://ha/a.wav")
		c.tell(satellite.EventRunEnd)
		r.end("1", true)
		if f := of[*pb.VoiceAssistantAnnounceFinished](c.hears()); len(f) != 1 || !f[0].Success {
			r.Errorf("%v", f)
		}
		if got := r.played(); got != "stop answer barge-in, chime wake, chime done, play home-assistant-1 http://ha/a.wav answer" {
			r.Errorf("%s", got)
		}
		if got := r.told(); got != "door_opened home_arrived home_asked home_heard home_over" {
			r.Errorf("%s", got)
		}
		if got := r.handedOn(); got != nil {
			r.Errorf("%v is left to others, too", got)
		}
	})
}

// TestGoneInEachPhase: what Home Assistant cannot have understood is left to others; nothing is kept for its return, and then it is served
// at once.
func TestGoneInEachPhase(t *testing.T) {
	b, key := keyed()
	for name, x := range map[string]struct {
		before func(r *rig, c *client)
		handed bool
	}{
		"idle":      {func(*rig, *client) {}, false},
		"asking":    {func(r *rig, c *client) { r.wake("w1") }, true},
		"listening": {func(r *rig, c *client) { r.wake("w1"); c.say(&pb.VoiceAssistantResponse{}); c.tell(1); r.speak(1) }, true},
		"thinking":  {func(r *rig, c *client) { r.wake("w1"); c.say(&pb.VoiceAssistantResponse{}); c.tell(1); c.tell(12) }, false},
		"speaking": {func(r *rig, c *client) {
			r.wake("w1")
			c.say(&pb.VoiceAssistantResponse{})
			c.tell(1)
			c.tell(4)
			c.tell(8, "url", "u")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			visit(t, b, func(r *rig) {
				c := r.adopt(key)
				x.before(r, c)
				c.close()
				if got := r.handedOn(); (len(got) == 1) != x.handed {
					r.Errorf("left to others: %v", got)
				}
				r.wake("w2")
				if got := r.handedOn(); len(got) != 1 && name != "speaking" || r.node.Shown().Home {
					r.Errorf("while it is away, left to others: %v", got)
				}
				pass(time.Second)
				back := r.adopt(key)
				if got := of[*pb.VoiceAssistantRequest](back.hears()); len(got) > 0 {
					r.Errorf("what is old is asked at its return: %v", got)
				}
				r.wake("w3")
				if got := of[*pb.VoiceAssistantRequest](back.hears()); len(got) != 1 {
					r.Errorf("after its return it is asked %v", got)
				}
			})
		})
	}
}

// TestTwoClients: the newest serves, both know how things are, and the end of the other one does not matter.
func TestTwoClients(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		first, second := r.adopt(key), r.adopt(key)
		first.hears()
		second.hears()
		r.wake("w1")
		if a, b := names(first.hears()), names(second.hears()); strings.Contains(a, "VoiceAssistantRequest") || !strings.Contains(b, "VoiceAssistantRequest") || !strings.Contains(a, "TextSensorState") {
			r.Errorf("%s; %s", a, b)
		}
		first.tell(satellite.EventError, "code", "intruder")
		first.close()
		second.say(&pb.VoiceAssistantResponse{})
		second.tell(satellite.EventRunStart)
		second.tell(satellite.EventSTTEnd, "text", "x")
		if r.node.Shown().Phase != "thinking" || len(r.handedOn()) > 0 {
			r.Errorf("%+v", r.node.Shown())
		}
	})
}

// TestTheSecondClientLeaves: the first, which knows nothing of the other, serves again. One that is dead does not.
func TestTheSecondClientLeaves(t *testing.T) {
	for name, silent := range map[string]time.Duration{"at once": 0, "a dead one": 80 * time.Second} {
		t.Run(name, func(t *testing.T) {
			b, key := keyed()
			visit(t, b, func(r *rig) {
				first := r.adopt(key)
				second := r.adopt(key)
				for range int(silent / (10 * time.Second)) {
					pass(10 * time.Second)
					second.say(&pb.PingRequest{})
				}
				first.hears()
				second.close()
				if here := r.node.Shown().Home; here != (silent == 0) {
					r.Fatalf("served: %v", here)
				}
				if r.wake("w1"); strings.Contains(names(first.hears()), "VoiceAssistantRequest") != (silent == 0) {
					r.Error("the first client is not asked, or a dead one is")
				}
				if handed := len(r.handedOn()) > 0; handed == (silent == 0) {
					r.Errorf("left to others: %v", handed)
				}
			})
		})
	}
}

// TestHalfOpen: Home Assistant has gone, and the connection does not say so. The command is left to others, and the connection ends.
func TestHalfOpen(t *testing.T) {
	b, key := keyed()
	visit(t, b, func(r *rig) {
		c := r.adopt(key)
		r.wake("w1")
		pass(6 * time.Second)
		if got := r.handedOn(); len(got) != 1 {
			r.Errorf("left to others: %v", got)
		}
		pass(60 * time.Second)
		if got := names(c.hears()); !strings.HasSuffix(got, "PingRequest") {
			r.Errorf("it is not asked whether it is there: %s", got)
		}
		pass(90 * time.Second)
		if c.left() == nil || r.node.Shown().Home {
			r.Errorf("the connection lasts: %+v", r.node.Shown())
		}
	})
}
