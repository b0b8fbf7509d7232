package boot

import (
	"fmt"
	"os"
	"time"

	"orac/appliance/graph"
	"orac/appliance/sdnotify"
	"orac/appliance/status"
)

// Alive reports health to the service manager, and that the process lives. It does so only while sound is counted,
// so a hanging process cannot pretend to live.
func Alive(n *sdnotify.Notifier) func(status.Status) {
	interval, _ := sdnotify.WatchdogInterval(os.Getenv, os.Getpid()) // without a watchdog there is nothing to report
	said, heard := "", uint64(0)
	return func(s status.Status) {
		line := fmt.Sprintf("%s, generation %d, %d utterances wait", s.Health.Level, s.Generation, s.Spool.Waiting)
		if muted := status.MuteWords(s.Muted, time.Now()); muted != "" {
			line = muted + "; " + line
		}
		if line != said {
			said = line
			_ = n.Status(line)
		}
		hops := uint64(0)
		for _, node := range s.Nodes {
			if node.Kind == string(graph.Ring) {
				hops += node.Taken
			}
		}
		if interval > 0 && hops != heard && s.Health.Level != "unhealthy" {
			_ = n.Watchdog()
		}
		heard = hops
	}
}
