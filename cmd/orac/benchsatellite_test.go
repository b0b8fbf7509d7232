package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/esphome"
	"orac/runbook/testkit"
)

// BenchmarkSatellite measures the real binary as a satellite of Home Assistant, with another people's client and a real audio server: how long
// from a wake word until Home Assistant has the question, from the address of an announcement to its sound, and from a wake word until an
// answer is silent; and what speaker, chimes and satellite add to the memory of an appliance that listens.
func BenchmarkSatellite(b *testing.B) {
	b.Run("voice", func(b *testing.B) {
		var worst homeHeard
		for b.Loop() {
			x := homeIsHeard(b)
			worst.Request, worst.Announcement, worst.Barge = max(worst.Request, x.Request), max(worst.Announcement, x.Announcement), max(worst.Barge, x.Barge)
		}
		b.ReportMetric(0, "ns/op") // the sounds take their time; that is no figure
		for unit, x := range map[string]struct{ is, most time.Duration }{
			"ms-wake-to-request": {worst.Request, 20 * time.Millisecond}, "ms-announcement-to-sound": {worst.Announcement, 500 * time.Millisecond},
			"ms-wake-to-silence": {worst.Barge, 200 * time.Millisecond},
		} {
			b.ReportMetric(float64(x.is.Microseconds())/1000, unit)
			if x.is > x.most {
				b.Errorf("%v %s: at most %v", x.is, unit, x.most)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		const mostMB = 20
		audio, _, _ := pulseRoom(b)
		key := esphome.NewKey()
		idle := func(text string) float64 {
			dir := b.TempDir()
			testkit.Must(b, os.WriteFile(filepath.Join(dir, "chime.wav"), speakerWAV(level(-3000, 100*time.Millisecond)), 0o600))
			d := start(b, dir, text, append(audio.Env(), "HOME_KEY="+key.Text()))
			d.kind("listening")
			time.Sleep(10 * time.Second) // until the memory that starting needed is given back
			sum := pss(b, d.cmd.Process.Pid)
			for _, worker := range children(d.cmd.Process.Pid) {
				sum += pss(b, worker)
			}
			mb := float64(sum) / (1 << 20)
			d.stop()
			return mb
		}
		var alone, speaks float64
		for b.Loop() {
			whole := satelliteRunbook(freeAddress(b))
			listens, _, _ := strings.Cut(whole, "esphome \"home\"")
			for _, line := range []string{"  deliver  = [esphome.home]\n", "  speaker  = device.speaker.room\n", "  barge_in = true\n", "  chimes { wake = \"chime.wav\" }\n", "device \"speaker\" \"room\" {\n  match  = \"USB Test\"\n  volume = 1\n}\n"} {
				listens = strings.Replace(listens, line, "", 1)
			}
			alone, speaks = alone+idle(listens), speaks+idle(whole)
		}
		b.ReportMetric(0, "ns/op")
		grown := (speaks - alone) / float64(b.N)
		b.ReportMetric(grown, "MB-satellite")
		if grown > mostMB {
			b.Errorf("the satellite needs %.1f MB, more than the %d that are claimed", grown, mostMB)
		}
	})
}
