package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"orac/appliance/audio/pulsetest"
	"orac/appliance/stt/stttest"
)

// BenchmarkAppliance measures the real binary on a real microphone, with its voice gate: resident memory of all its processes while it
// listens, how long from its start to the first scored hop, and from a wake to the first sound at the speech-to-text service.
// `make bench` builds the binary; the test binary itself is larger.
//
// Both processes run the same program. MB-resident counts the pages that both have mapped twice, and libraries in full, though others
// use them, too; that is what people see in top, and what is claimed. MB-proportional (PSS) shares such pages among those who have them.
func BenchmarkAppliance(b *testing.B) {
	for _, claim := range []struct {
		name     string
		models   []string
		resident float64
	}{
		{"models=1", []string{"hey_jarvis"}, 45},
		{"models=6", []string{"alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "timer", "weather"}, 50},
	} {
		b.Run(claim.name, func(b *testing.B) {
			audio, err := pulsetest.Start()
			if err != nil {
				b.Fatal(err)
			}
			defer audio.Close()
			mic, err := audio.Plug("testmic", "Test microphone")
			if err != nil {
				b.Fatal(err)
			}
			server := stttest.Start(b)
			var first, latency time.Duration
			var memory, proportional float64
			for b.Loop() {
				began := time.Now()
				d := start(b, b.TempDir(), benchRunbook(server.URL(), claim.models), audio.Env())
				first += d.kind("listening").At.Sub(began)
				heard := len(server.Heard())
				mic.Play(sound(b, "hey_jarvis_lights_on"))
				woke := d.kind("wake")
				d.kind("delivered")
				for _, h := range server.Heard()[heard:] {
					if h.Endpoint == stttest.WS {
						latency += h.FirstSound.Sub(woke.At)
					}
				}
				time.Sleep(time.Until(began.Add(6 * time.Second))) // what starting needed has been given back
				memory += float64(resident(b, d.cmd.Process.Pid)) / 1024
				proportional += float64(footprint(b, d.cmd.Process.Pid)) / (1 << 20)
				d.stop()
			}
			n := float64(b.N)
			b.ReportMetric(0, "ns/op") // the sound takes its time; that is no figure
			most := func(v, limit float64, unit string) {
				b.ReportMetric(v, unit)
				if v > limit {
					b.Errorf("%.1f %s: at most %.0f", v, unit, limit)
				}
			}
			most(float64(first.Milliseconds())/n, 150, "ms-to-first-score")
			most(float64(latency.Microseconds())/1000/n, 160, "ms-wake-to-stt")
			most(memory/n, claim.resident, "MB-resident")
			b.ReportMetric(proportional/n, "MB-proportional")
		})
	}
}

func benchRunbook(url string, models []string) string {
	text := kitchenRunbook(url)
	for _, m := range models {
		if m != "hey_jarvis" {
			text += fmt.Sprintf("model %q {\n  source = \"catalog:%s\"\n}\n", m, m)
		}
	}
	return strings.Replace(text, "[model.hey_jarvis]", "values(model)", 1)
}

// resident is the memory of a process and its children in KiB, as the kernel counts it (VmRSS).
func resident(b *testing.B, pid int) (kib int) {
	for _, p := range []int{pid, child(b, pid)} {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, ok := strings.Cut(string(status), "VmRSS:")
		var n int
		if _, err := fmt.Sscan(rest, &n); !ok || err != nil {
			b.Fatal("no VmRSS", err)
		}
		kib += n
	}
	return kib
}
