package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/esphome"
	"orac/runbook/testkit"
)

// homeStep is a step of web/esphome/testdata/voice.mjs.
type homeStep struct {
	Step  string
	MS    int64 // since 1970
	Heard bool
}

// level is a sound of equal samples.
func level(v int16, d time.Duration) []int16 {
	return slices.Repeat([]int16{v}, int(d*pulsetest.SinkRate/time.Second))
}

// TestHomeAssistantIsHeard: another people's client has the satellite announce and answer, by a real audio server. An announcement is heard
// within 500 ms, whole, and reported then. A wake word ends an answer within 200 ms, and that answer is not reported as heard. The next one
// is heard once, to its last sample.
func TestHomeAssistantIsHeard(t *testing.T) {
	x := homeIsHeard(t)
	if x.Announcement > 500*time.Millisecond || x.Barge > 200*time.Millisecond {
		t.Errorf("too late: %+v", x)
	}
	t.Logf("%+v", x)
}

// homeHeard is how long it took.
type homeHeard struct {
	Request      time.Duration // from a wake word until Home Assistant has the question
	Announcement time.Duration // until it is heard
	Barge        time.Duration // that an answer is heard after a wake word
}

// satelliteRunbook is a satellite with a speaker.
func satelliteRunbook(listen string) string {
	return fmt.Sprintf(`
appliance "voice" {}
device "microphone" "usb" { match = "USB Test" }
device "speaker" "room" {
  match  = "USB Test"
  volume = 1
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device   = device.microphone.usb
  models   = [model.hey_jarvis]
  deliver  = [esphome.home]
  speaker  = device.speaker.room
  barge_in = true
  chimes { wake = "chime.wav" }
}
esphome "home" {
  listen = %q
  key    = env("HOME_KEY")
}
`, listen)
}

// pulseRoom is a real audio server with a microphone and a speaker.
func pulseRoom(t testing.TB) (*pulsetest.Server, *pulsetest.Mic, *pulsetest.Sink) {
	t.Helper()
	s, err := pulsetest.Start()
	testkit.Must(t, err)
	t.Cleanup(s.Close)
	mic, err := s.Plug("alsa_input.usb-Test_Microphone-00.mono", "USB Test Microphone")
	testkit.Must(t, err)
	sink, err := s.PlugSink("alsa_output.usb-Test_Speaker-00.mono", "USB Test Speaker")
	testkit.Must(t, err)
	return s, mic, sink
}

// homeIsHeard has a satellite announce, answer until a wake word ends that, and answer once more, and checks what was heard.
func homeIsHeard(t testing.TB) (took homeHeard) {
	need(t, "web/npm/node_modules/esphome-client")
	wake := sound(t, "hey_jarvis_lights_on")
	s, mic, sink := pulseRoom(t)
	dir := t.TempDir()
	chime, bell, dinner, long := level(-3000, 100*time.Millisecond), level(1000, 100*time.Millisecond), level(2000, 500*time.Millisecond), level(3000, 10*time.Second)
	answer := make([]int16, pulsetest.SinkRate/2)
	for i := range answer {
		answer[i] = int16(5000 + i)
	}
	for name, pcm := range map[string][]int16{"chime": chime, "bell": bell, "dinner": dinner, "long": long, "answer": answer} {
		testkit.Must(t, os.WriteFile(filepath.Join(dir, name+".wav"), speakerWAV(pcm), 0o600))
	}
	sounds := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer sounds.Close()
	at, key := freePorts(t, 1)[0], esphome.NewKey()
	d := start(t, dir, satelliteRunbook(at), append(s.Env(), "HOME_KEY="+key.Text()))
	d.kinds("listening", "speaker_opened", "door_opened")
	rec, err := sink.Record()
	testkit.Must(t, err)
	defer rec.End()

	_, port, _ := net.SplitHostPort(at)
	home := exec.CommandContext(t.Context(), "node", "../../web/esphome/testdata/voice.mjs", port, key.Text(), sounds.URL)
	home.Stderr = os.Stderr
	out, err := home.StdoutPipe()
	testkit.Must(t, err)
	testkit.Must(t, home.Start())
	steps := make(chan homeStep, 16)
	go func() {
		defer close(steps)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var step homeStep
			if json.Unmarshal(lines.Bytes(), &step) == nil {
				steps <- step
			}
		}
	}()
	step := func(want string, heard bool) homeStep {
		t.Helper()
		select {
		case x, open := <-steps:
			if !open || x.Step != want || x.Heard != heard {
				t.Fatalf("Home Assistant: %+v, want %s, heard: %v", x, want, heard)
			}
			return x
		case <-time.After(patience):
			t.Fatalf("Home Assistant did not come to: %s", want)
		}
		return homeStep{}
	}
	// until waits for so much sound of which something is true, and returns all of it.
	until := func(what string, samples int, is func(v int16) bool) []int16 {
		t.Helper()
		for late := time.After(patience); ; {
			pcm := rec.Sound()
			n := 0
			for _, v := range pcm {
				if is(v) {
					n++
				}
			}
			if n >= samples {
				return pcm
			}
			select {
			case <-rec.Grown():
			case <-late:
				t.Fatalf("%s: %d samples were heard, of %d", what, n, samples)
			}
		}
	}
	step("adopted", false)
	announced := step("announces", false)
	step("announced", true)
	mic.Play(wake)
	woke := d.kind("wake")
	took.Request = time.UnixMilli(step("asked", false).MS).Sub(woke.At)
	step("answers", false)
	before := until("the long answer", pulsetest.SinkRate, func(v int16) bool { return v == 3000 })
	mic.Play(wake)
	barged := d.kind("wake")
	step("interrupted", false)
	step("answered", true)
	testkit.Must(t, home.Wait())
	pcm := until("the answer", len(answer), func(v int16) bool { return v >= 5000 })

	first := slices.Index(before, 1000)
	if first < 0 {
		t.Fatal("the bell was not heard")
	}
	took.Announcement = rec.At(first).Sub(time.UnixMilli(announced.MS))
	count := func(pcm []int16, v int16) (n int) {
		for _, x := range pcm {
			if x == v {
				n++
			}
		}
		return n
	}
	if b, n, c := count(before, 1000), count(before, 2000), count(pcm, -3000); b != len(bell) || n != len(dinner) || c != 2*len(chime) {
		t.Errorf("heard of the bell, the announcement and the chimes: %d of %d, %d of %d, %d of %d", b, len(bell), n, len(dinner), c, 2*len(chime))
	}
	last := 0
	for i, v := range pcm {
		if v == 3000 {
			last = i
		}
	}
	took.Barge = rec.At(last).Sub(barged.At)
	pcm = slices.DeleteFunc(pcm, func(v int16) bool { return v < 5000 })
	if !slices.Equal(pcm, answer) {
		t.Errorf("of the answer %d samples were heard, of %d, and not as they are", len(pcm), len(answer))
	}
	d.stop()
	return took
}
