package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/runbook/testkit"
)

// BenchmarkVoice measures the real binary at a real audio server, as somebody beside it would: from a wake word to its chime at the loudspeaker, from
// a wake word to the end of the answer that it interrupts, and what a speaker, chimes and a voice add to the memory of a device that nobody speaks to.
func BenchmarkVoice(b *testing.B) {
	const rounds, mostMB = 5, 20
	b.Run("wake-to-chime", func(b *testing.B) {
		var worst time.Duration
		for b.Loop() {
			r := roomWith(b, "what time is it", 4800, "")
			for range rounds {
				rec, err := r.sink.Record()
				testkit.Must(b, err)
				r.mic.Play(sound(b, "hey_jarvis_time"))
				woke := r.kind("wake")
				pcm := until(b, rec, "the chime", func(pcm []int16) bool { first, _, _ := runs(pcm, false); return first >= 0 })
				first, _, _ := runs(pcm, false)
				worst = max(worst, rec.At(first).Sub(woke.At))
				r.kind("acted")
				rec.End()
			}
			r.stop()
		}
		claims(b, "ms-wake-to-chime", worst, mostToChime)
	})
	b.Run("barge-in", func(b *testing.B) {
		var worst time.Duration
		for b.Loop() {
			for range rounds {
				r := roomWith(b, "what time is it", 12*pulsetest.SinkRate, "barge_in = true")
				worst = max(worst, r.bargeIn(b))
				r.stop()
			}
		}
		claims(b, "ms-wake-to-silence", worst, mostToStop)
	})
	b.Run("memory", func(b *testing.B) {
		var mute, voiced float64
		for b.Loop() {
			mute += idleVoice(b, false)
			voiced += idleVoice(b, true)
		}
		b.ReportMetric(0, "ns/op") // it waits until memory has settled; that is no figure
		grown := (voiced - mute) / float64(b.N)
		b.ReportMetric(grown, "MB-voice")
		if grown > mostMB {
			b.Errorf("a voice needs %.1f MB, more than the %d that are claimed", grown, mostMB)
		}
	})
}

// claims reports the worst of some rounds, and compares it with what is claimed.
func claims(b *testing.B, unit string, worst, most time.Duration) {
	b.ReportMetric(0, "ns/op") // the sound takes its time; that is no figure
	b.ReportMetric(float64(worst.Microseconds())/1000, unit)
	if worst > most {
		b.Errorf("%v, and %v are claimed", worst, most)
	}
}

// idleVoice is the memory of a device and its child processes, in MB, when nothing has happened for some seconds.
func idleVoice(b *testing.B, voiced bool) float64 {
	audio, err := pulsetest.Start()
	testkit.Must(b, err)
	defer audio.Close()
	_, err = audio.Plug("testmic", "Test microphone")
	testkit.Must(b, err)
	_, err = audio.PlugSink("testspeaker", "Test speaker")
	testkit.Must(b, err)
	dir, text := b.TempDir(), kitchenRunbook("http://127.0.0.1:1")
	if voiced {
		testkit.Must(b, os.WriteFile(filepath.Join(dir, "chime.wav"), speakerWAV(make([]int16, 9600)), 0o600))
		text = strings.Replace(text, "deliver = [stt.whisper]\n", `deliver = [stt.whisper]
  speaker = device.speaker.room
  tts     = tts.local
  chimes {
    wake  = "chime.wav"
    done  = "chime.wav"
    error = "chime.wav"
    timer = "chime.wav"
    mute  = "chime.wav"
  }
`, 1) + `
device "speaker" "room" { identity = "testspeaker" }
tts "local" {
  protocol = "exec"
  command  = ["cat"]
}
`
	}
	d := start(b, dir, text, audio.Env())
	if d.kind("listening"); voiced {
		d.kind("speaker_opened")
	}
	time.Sleep(5 * time.Second)
	sum := pss(b, d.cmd.Process.Pid)
	for _, p := range children(d.cmd.Process.Pid) {
		sum += pss(b, p)
	}
	d.stop()
	return float64(sum) / 1e6
}
