package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orac/appliance/memory"
)

// BenchmarkEngine measures the real binary with the engine of this machine: the memory of the daemon and its capture process while the
// engine is let go, that of the engine's process after a command, and the time from the end of a recording to its text, with the
// model warm.
func BenchmarkEngine(b *testing.B) {
	for model, claim := range map[string]struct{ answer, warm, letGo float64 }{"moonshine_tiny": {350, 260, 90}, "moonshine_base": {600, 360, 90}} {
		b.Run(model, func(b *testing.B) {
			audio, mic := microphone(b)
			var idle, warm, answer float64
			for b.Loop() {
				d := start(b, b.TempDir(), engineRunbook(model), audio.Env())
				d.kind("listening")
				time.Sleep(5 * time.Second) // until the memory that starting needed is given back
				idle += float64(footprint(b, d.cmd.Process.Pid)) / (1 << 20)
				var last float64
				for range 2 { // the first command loads the model
					mic.Play(sound(b, "hey_jarvis_lights_on"))
					last = d.kind("delivered").Seconds * 1000
					time.Sleep(2 * time.Second)
				}
				answer += last
				warm += float64(engineMemory(b, d.cmd.Process.Pid)) / (1 << 20)
				d.stop()
			}
			n := float64(b.N)
			b.ReportMetric(0, "ns/op") // the sound takes its time; that is no figure
			most := func(value, limit float64, unit string) {
				b.ReportMetric(value, unit)
				if value > limit {
					b.Errorf("%s: %.0f %s, more than the %.0f that is claimed", model, value, unit, limit)
				}
			}
			most(idle/n, claim.letGo, "MB-let-go")
			most(warm/n, claim.warm, "MB-engine-warm")
			most(answer/n, claim.answer, "ms-end-to-text")
		})
	}
}

// footprint is the memory of the daemon and of its capture process, in bytes. The pages of the program's own file, which both have, count once:
// the kernel maps them in large pieces, of which it can give back what nobody uses.
func footprint(b *testing.B, pid int) int64 { return pss(b, pid) + pss(b, child(b, pid)) }

// pss is the proportional memory of a process, in bytes.
func pss(b *testing.B, pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\nPss:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); !ok || err != nil {
		b.Fatal("no Pss", err)
	}
	return kib << 10
}

func engineRunbook(model string) string {
	text, _, _ := strings.Cut(kitchenRunbook(""), `stt "whisper"`)
	return strings.Replace(text, "stt.whisper", "stt.local", 1) + fmt.Sprintf("stt \"local\" {\n  protocol = \"embedded\"\n  model    = %q\n}\n", model)
}

// engineMemory is the memory of the engine's process below a process, in bytes.
func engineMemory(b *testing.B, pid int) int64 {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is valid
	for _, task := range tasks {
		list, _ := os.ReadFile(task) // a thread that has ended has no children
		for _, id := range strings.Fields(string(list)) {
			if line, err := os.ReadFile("/proc/" + id + "/cmdline"); err == nil && bytes.Contains(line, []byte("stt-worker")) {
				var child int
				if _, err := fmt.Sscan(id, &child); err != nil {
					b.Fatal(err)
				}
				n, err := memory.Resident(child)
				if err != nil {
					b.Fatal(err)
				}
				return n
			}
		}
	}
	b.Fatal("the engine has no process")
	return 0
}
