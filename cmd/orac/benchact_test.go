package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/act/home/hometest"
	"orac/runbook/testkit"
)

// endOfSpeech is how long nobody speaks before a recording ends: silence and grace, as the language gives them.
const endOfSpeech = 700 * time.Millisecond

// BenchmarkActing measures the real binary as a Core: what acting with a Home Assistant of 1000 entities adds to its memory, and how long
// after the last word of a command Home Assistant is called, with the engine of this machine and its model warm.
func BenchmarkActing(b *testing.B) {
	const mostMB, mostMS = 60, 1000
	b.Run("memory", func(b *testing.B) {
		house := hometest.Start(b, hometest.Large(1000))
		var alone, acting float64
		for b.Loop() {
			alone += settledPSS(b, actingRunbook(b, "", ""), nil)
			acting += settledPSS(b, actingRunbook(b, house.URL(), ""), func(d *daemon) {
				d.kind("backend_health")
				// The sentences are compiled, and read once with each tier that knows them.
				for _, text := range []string{"turn on the kitchen lamp", "turn of the kitchen lamb", "make me a sandwich"} {
					d.ask("ask", text)
				}
			})
		}
		b.ReportMetric(0, "ns/op") // it waits until memory has settled; that is no figure
		grown := (acting - alone) / float64(b.N)
		b.ReportMetric(grown, "MB-role")
		if grown > mostMB {
			b.Errorf("acting needs %.1f MB, more than the %d that are claimed", grown, mostMB)
		}
	})
	b.Run("word-to-call", func(b *testing.B) {
		house := hometest.Start(b, hometest.Flat())
		audio, mic := microphone(b)
		var worst time.Duration
		for b.Loop() {
			text := strings.Replace(engineRunbook("moonshine_tiny"), "deliver = [stt.local]", "deliver = [stt.local]\n  act     = topic.general\n  area    = \"Kitchen\"", 1)
			d := start(b, withToken(b), text+actingBlocks(house.URL()), audio.Env())
			d.kind("listening")
			for n := range 3 { // the first command loads the model
				before := len(house.Calls())
				mic.Play(sound(b, "hey_jarvis_lights_on"))
				ended := d.kind("recording_ended")
				acted := d.kind("acted")
				calls := house.Calls()[before:]
				if len(calls) == 0 {
					b.Fatalf("%q led to no call", acted.Text)
				}
				if took := calls[0].At.Sub(ended.At.Add(-endOfSpeech)); n > 0 {
					worst = max(worst, took)
				}
			}
			d.stop()
		}
		b.ReportMetric(0, "ns/op") // the sound takes its time; that is no figure
		b.ReportMetric(float64(worst.Milliseconds()), "ms-word-to-call")
		if worst > mostMS*time.Millisecond {
			b.Errorf("the call comes %v after the last word, and %d ms are claimed", worst, mostMS)
		}
	})
}

// withToken is a folder with the token of the stand-in.
func withToken(b testing.TB) string {
	b.Helper()
	dir := b.TempDir()
	secrets := filepath.Join(dir, "state", "secrets")
	testkit.Must(b, os.MkdirAll(secrets, 0o700))
	testkit.Must(b, os.WriteFile(filepath.Join(secrets, "ha_token"), []byte(hometest.Token), 0o600))
	return dir
}

func actingBlocks(url string) string {
	return fmt.Sprintf(`
backend "home" {
  protocol = "home_assistant"
  url      = %q
  token    = secret("ha_token")
}
topic "general" { backends = [backend.home] }
`, url)
}

// actingRunbook serves a Core; without a url nothing acts.
func actingRunbook(b *testing.B, url, more string) string {
	text := fmt.Sprintf("appliance \"core\" {\n  state_dir = \"state\"\n}\ncore_server \"house\" { listen = %q }\n", freeAddress(b))
	if url != "" {
		text += actingBlocks(url)
	}
	return text + more
}

// settledPSS is the memory of a process that runs a runbook, in MB, when it has done what it should and the memory that starting needed is
// given back.
func settledPSS(b *testing.B, text string, do func(*daemon)) float64 {
	d := start(b, withToken(b), text, nil)
	for wait := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if _, code := d.ask("status"); code == 0 {
			break
		}
		if time.Now().After(wait) {
			b.Fatal("it does not start")
		}
	}
	if do != nil {
		do(d)
	}
	time.Sleep(5 * time.Second)
	mb := float64(pss(b, d.cmd.Process.Pid)) / 1e6
	d.stop()
	return mb
}
