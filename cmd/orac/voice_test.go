package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
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
