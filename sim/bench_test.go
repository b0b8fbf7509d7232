package sim_test

import (
	"testing"
	"time"

	"orac/appliance/core"
	"orac/appliance/event"
	"orac/appliance/incident"
	"orac/appliance/rt"
)

// one is what the default runbook makes of a graph: one model behind a voice gate, one service, the history.
const one = `
appliance "demo" {}
device "wav" "usb" {
  path = "x.wav"
  end  = "silence"
}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "kitchen" {
  device  = device.wav.usb
  models  = [model.hey_jarvis]
  deliver = [stt.pocketsphinx]
}
stt "pocketsphinx" {
  protocol = "exec"
  command  = ["pocketsphinx.sh"]
}
`

// BenchmarkGraph measures the graph in virtual time apart from inference, with the monitor of production beside it and
// without: an hour in which a command is spoken every 8 s, which is much, and an hour of silence.
func BenchmarkGraph(b *testing.B) {
	command := speech(2, 0, 0.4, 25000, 0.2, 0, 1.5, 8000, 4, 0)
	for _, c := range []struct {
		name, runbook string
		sound         []int16
		monitor       bool
	}{
		{"kitchen", kitchen, command, false},
		{"kitchen-monitor", kitchen, command, true},
		{"default", one, command, false},
		{"default-monitor", one, command, true},
		{"quiet-monitor", one, speech(8, 0), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var virtual time.Duration
			for b.Loop() {
				w := world(b, c.sound)
				w.Graph, w.Loop = compile(b, c.runbook), true
				if c.monitor {
					monitored(w)
				}
				virtual += w.Run(time.Hour).Time
			}
			b.ReportMetric(float64(virtual)/float64(b.Elapsed()), "x-real-time")
		})
	}
}

// monitored puts the monitor of production beside the graph of a world.
func monitored(w *World) {
	w.Watch = rt.NewMailbox[event.Event]("events to the monitor", 1024)
	w.Script = func(k *rt.Task, r *core.Runner) error {
		log := incident.New(incident.Budget{Restarts: 5, Per: time.Hour}, nil)
		return (&core.Monitor{Runner: r, Log: log, FS: w.Disk, Events: w.Watch}).Run(k)
	}
}
