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

// BenchmarkAppliance measures the real binary on a real microphone: resident memory of all its processes while it listens,
// how long from its start to the first scored hop, and from a wake to the first sound at the speech-to-text service.
// `make bench` builds the binary; the test binary itself is larger.
func BenchmarkAppliance(b *testing.B) {
	six := []string{"alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "timer", "weather"}
	for name, models := range map[string][]string{"models=1": {"hey_jarvis"}, "models=6": six} {
		b.Run(name, func(b *testing.B) {
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
			var memory int
			for b.Loop() {
				began := time.Now()
				d := start(b, b.TempDir(), benchRunbook(server.URL(), models), audio.Env())
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
				memory += resident(b, d.cmd.Process.Pid)
				d.stop()
			}
			n := float64(b.N)
			b.ReportMetric(0, "ns/op") // the sound takes its time; that is no figure
			b.ReportMetric(float64(first.Milliseconds())/n, "ms-to-first-score")
			b.ReportMetric(float64(latency.Microseconds())/1000/n, "ms-wake-to-stt")
			b.ReportMetric(float64(memory)/1024/n, "MB-resident")
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
