package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/stt/stttest"
	"orac/runbook/testkit"
)

// speakerWAV is a file that a speaker plays bit by bit: 48 kHz mono.
func speakerWAV(pcm []int16) []byte {
	var b bytes.Buffer
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a buffer takes everything
	b.WriteString("RIFF")
	le(uint32(36 + 2*len(pcm)))
	b.WriteString("WAVEfmt ")
	le([]uint32{16, 1 | 1<<16, 48000, 96000, 2 | 16<<16})
	b.WriteString("data")
	le(uint32(2 * len(pcm)))
	le(pcm)
	return b.Bytes()
}

// TestAVoiceIsHeard: through a real audio server, from a microphone to a loudspeaker. The chime is heard within 150 ms of the wake word, and
// what is said once and whole.
func TestAVoiceIsHeard(t *testing.T) {
	wake := sound(t, "hey_jarvis_lights_on")
	s, err := pulsetest.Start()
	testkit.Must(t, err)
	defer s.Close()
	mic, err := s.Plug("alsa_input.usb-Test_Microphone-00.mono", "USB Test Microphone")
	testkit.Must(t, err)
	sink, err := s.PlugSink("alsa_output.usb-Test_Speaker-00.mono", "USB Test Speaker")
	testkit.Must(t, err)
	dir := t.TempDir()
	chime, speech := make([]int16, 9600), make([]int16, 24000)
	for i := range chime {
		chime[i] = -3000
	}
	for i := range speech {
		speech[i] = int16(i + 1)
	}
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "chime.wav"), speakerWAV(chime), 0o600))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "speech.wav"), speakerWAV(speech), 0o600))
	d := start(t, dir, fmt.Sprintf(`
appliance "voice" {}
device "microphone" "usb" { match = "USB Test" }
device "speaker" "room" {
  match  = "USB Test"
  volume = 1
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
tts "local" {
  protocol = "exec"
  command  = ["cat", %q]
}
listener "room" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  speaker = device.speaker.room
  tts     = tts.local
  chimes { wake = "chime.wav" }
}
`, filepath.Join(dir, "speech.wav")), s.Env())
	d.kinds("listening", "speaker_opened")
	rec, err := sink.Record()
	testkit.Must(t, err)
	defer rec.End()
	mic.Play(wake)
	heard := d.kind("wake")
	d.kind("sound_played")
	if out, code := d.ask("say", "hello"); code != 1 { // cat gives an error for the text, and so no sound is certain
		t.Errorf("orac say of a broken voice: exit %d: %s", code, out)
	}
	d.rewrite(fmt.Sprintf(`["cat", %q]`, filepath.Join(dir, "speech.wav")), fmt.Sprintf(`["sh", "-c", "cat %s", "sh"]`, filepath.Join(dir, "speech.wav")))
	if out, code := d.ask("apply", "--auto-approve"); code != 0 {
		t.Fatalf("apply: exit %d: %s", code, out)
	}
	if out, code := d.ask("say", "hello"); code != 0 {
		t.Errorf("orac say: exit %d: %s", code, out)
	}
	// The recorder has what was played a moment later.
	var low, high []int16
	first := -1
	for late := time.After(patience); len(high) < len(speech); {
		select {
		case <-rec.Grown():
		case <-late:
			t.Fatalf("only %d samples of what was said were heard, of %d", len(high), len(speech))
		}
		low, high, first = nil, nil, -1
		for i, v := range rec.Sound() {
			switch {
			case v < 0:
				if low = append(low, v); first < 0 {
					first = i
				}
			case v > 0:
				high = append(high, v)
			}
		}
	}
	if len(low) != len(chime) || first < 0 {
		t.Fatalf("%d samples of the chime were heard, of %d", len(low), len(chime))
	}
	if late := rec.At(first).Sub(heard.At); late > 150*time.Millisecond {
		t.Errorf("the chime was heard %v after the wake word", late)
	} else {
		t.Logf("the chime was heard %v after the wake word", late)
	}
	if len(high) != len(speech) {
		t.Fatalf("%d samples of what was said were heard, of %d", len(high), len(speech))
	}
	for i, v := range high {
		if v != speech[i] {
			t.Fatalf("sample %d of what was said is %d", i, v)
		}
	}
	d.stop()
}

// room is a device with a microphone and a loudspeaker at a real audio server, and a service that understands the same in all commands.
type room struct {
	*daemon
	audio *pulsetest.Server
	mic   *pulsetest.Mic
	sink  *pulsetest.Sink
	chime []int16
	says  []int16 // whatever the answer is
}

// roomWith starts the device. Its chime is below zero and its answers, of so many samples, are above, so that a recording tells them apart.
func roomWith(t testing.TB, understood string, answer int, more string) *room {
	t.Helper()
	audio, err := pulsetest.Start()
	testkit.Must(t, err)
	t.Cleanup(audio.Close)
	r := &room{audio: audio, chime: make([]int16, 9600), says: make([]int16, answer)}
	r.mic, err = audio.Plug("testmic", "Test microphone")
	testkit.Must(t, err)
	r.sink, err = audio.PlugSink("testspeaker", "Test speaker")
	testkit.Must(t, err)
	for i := range r.chime {
		r.chime[i] = -3000
	}
	for i := range r.says {
		r.says[i] = int16(i%30000 + 1)
	}
	server := stttest.Start(t)
	server.Transcribe(func(int, []int16) string { return understood })
	dir := t.TempDir()
	speech := filepath.Join(dir, "speech.wav")
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "chime.wav"), speakerWAV(r.chime), 0o600))
	testkit.Must(t, os.WriteFile(speech, speakerWAV(r.says), 0o600))
	r.daemon = start(t, dir, fmt.Sprintf(`
appliance "room" { state_dir = "state" }
device "microphone" "usb" { identity = "testmic" }
device "speaker" "room" {
  identity = "testspeaker"
  volume   = 1
}
model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}
stt "whisper" { url = %q }
topic "general" { english = true }
tts "local" {
  protocol = "exec"
  command  = ["sh", "-c", "cat %s", "sh"]
}
listener "room" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
  act     = topic.general
  speaker = device.speaker.room
  tts     = tts.local
  chimes { wake = "chime.wav" }
  %s
}
`, server.URL(), speech, more), audio.Env())
	r.kinds("listening", "speaker_opened")
	return r
}

// runs are the places in a recording at which sound of one sign begins and ends; gaps of silence that a busy machine leaves do not count.
func runs(pcm []int16, positive bool) (first, last, samples int) {
	first, last = -1, -1
	for i, v := range pcm {
		if v != 0 && v > 0 == positive {
			if last, samples = i, samples+1; first < 0 {
				first = i
			}
		}
	}
	return first, last, samples
}

// until waits until the recording has what fits.
func until(t testing.TB, rec *pulsetest.Recording, what string, fits func([]int16) bool) []int16 {
	t.Helper()
	for late := time.After(patience); ; {
		if pcm := rec.Sound(); fits(pcm) {
			return pcm
		}
		select {
		case <-rec.Grown():
		case <-late:
			t.Fatalf("%v went by, and it was not heard: %s", patience, what)
		}
	}
}

const (
	mostToChime = 150 * time.Millisecond // from a wake word to its chime at the loudspeaker
	mostToStop  = 200 * time.Millisecond // from a wake word to the end of the answer that it interrupts
)

// TestACommandIsAnsweredAloud: somebody asks for the time. The chime is heard within 150 ms of the wake word, and the answer once and whole.
func TestACommandIsAnsweredAloud(t *testing.T) {
	r := roomWith(t, "what time is it", 72000, "")
	rec, err := r.sink.Record()
	testkit.Must(t, err)
	defer rec.End()
	r.mic.Play(sound(t, "hey_jarvis_time"))
	woke := r.kind("wake")
	if acted := r.kind("acted"); acted.Text != "what time is it" {
		t.Errorf("it acted on %q", acted.Text)
	}
	until(t, rec, "the answer", func(pcm []int16) bool { _, _, n := runs(pcm, true); return n >= len(r.says) })
	r.await("the end of the answer", func(e happened) bool { return e.Kind == "sound_played" && e.Seconds > 1 })
	pcm := until(t, rec, "a second without sound", func(pcm []int16) bool {
		_, last, _ := runs(pcm, true)
		return len(pcm) > last+pulsetest.SinkRate
	})
	var said []int16
	for _, v := range pcm {
		if v > 0 {
			said = append(said, v)
		}
	}
	if !slices.Equal(said, r.says) {
		t.Errorf("the answer was heard with %d samples of %d, or in another order", len(said), len(r.says))
	}
	first, last, n := runs(pcm, false)
	if begins, _, _ := runs(pcm, true); n != len(r.chime) || last > begins {
		t.Errorf("the chime was heard with %d samples of %d; it ended at %d, the answer began at %d", n, len(r.chime), last, begins)
	}
	if late := rec.At(first).Sub(woke.At); late > mostToChime {
		t.Errorf("the chime was heard %v after the wake word", late)
	} else {
		t.Logf("the chime was heard %v after the wake word", late)
	}
	r.stop()
}

// bargeIn asks, interrupts the answer, and returns how long the answer was heard after the wake word.
func (r *room) bargeIn(t testing.TB) time.Duration {
	t.Helper()
	rec, err := r.sink.Record()
	testkit.Must(t, err)
	defer rec.End()
	r.mic.Play(sound(t, "hey_jarvis_time"))
	r.kind("wake")
	until(t, rec, "the answer", func(pcm []int16) bool { _, _, n := runs(pcm, true); return n > pulsetest.SinkRate/2 })
	r.mic.Play(sound(t, "hey_jarvis_time"))
	woke := r.kind("wake")
	r.await("the end of the answer", func(e happened) bool { return e.Kind == "sound_played" && e.Cause == "barge-in" })
	pcm := until(t, rec, "the second chime", func(pcm []int16) bool { _, _, n := runs(pcm, false); return n >= 2*len(r.chime) })
	_, last, _ := runs(pcm, true)
	_, _, n := runs(pcm, true)
	if n >= len(r.says) {
		t.Errorf("the answer was heard whole")
	}
	return rec.At(last).Sub(woke.At)
}

// TestAWakeWordInterruptsAnAnswer: with barge_in, nothing of the answer is heard 200 ms later.
func TestAWakeWordInterruptsAnAnswer(t *testing.T) {
	r := roomWith(t, "what time is it", 12*pulsetest.SinkRate, "barge_in = true")
	if late := r.bargeIn(t); late > mostToStop {
		t.Errorf("the answer was heard for %v after the wake word", late)
	} else {
		t.Logf("the answer was heard for %v after the wake word", late)
	}
	r.stop()
}
