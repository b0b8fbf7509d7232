package docstest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"orac/runbook/scenario"
)

// Commands of orac that take minutes, or never end, are run in a shortened form.
//
//	orac sim --seeds A-B             two seeds
//	orac sim --for 30d               20 minutes
//	orac sim LONG.hcl                the scenarios below are read, not run: make sim runs every one
//	orac sim swarm.hcl               twelve minutes of it
//	orac init                        takes the answers that it proposes, and the microphone that there is: its own tests talk with it
//	orac models bench                five rounds
//	orac chaos SCENARIO              takes a minute, root and an audio server (make chaos is that): its scenarios are read
//	orac members, push               need a house of several machines: their flags are read, and --help is run (cmd/orac TestAHouse has a house)
//	orac member add, join, leave     their flags are read: they need two machines, and tests of their own start both
//	orac run, status --watch,        end as by Ctrl-C after their first line
//	logs -f, audit tail -f

// long lists the scenarios of examples/scenarios that take more than half a second.
var long = []string{"apply_storm.hcl", "blocked_read.hcl", "clock_jump.hcl", "killed.hcl", "memory_leak.hcl", "node_starves.hcl",
	"power_loss.hcl", "power_loss_outage.hcl", "quiet_month.hcl", "soak.hcl", "stt_outage.hcl", "stt_lies.hcl", "stt_poison.hcl",
	"stuck_or_silent.hcl", "worker_dies.hcl", "stale_source.hcl", "refused.hcl", "breathless.hcl", "deaf.hcl", "stt_blip.hcl",
	"stt_engine.hcl", "stt_late_answer.hcl", "stt_no_stream.hcl", "two_services.hcl", "webhooks.hcl", "engine_outage.hcl", "engine_dies.hcl",
	"engine_change.hcl", "engine_hangs.hcl", "server_restarts.hcl", "core_outage.hcl", "swarm_engine.hcl", "swarm_hub.hcl",
	"wyoming_away.hcl", "voice_clients.hcl", "swarm_wyoming.hcl",
	"spoken.hcl", "satellite.hcl", "swarm_voice.hcl",
	"keys_rotated.hcl", "issuer_away.hcl", "swarm_member.hcl", "acts_once.hcl", "home_away.hcl", "muted.hcl"}

// readOnly lists scripts of the examples that need more than a test has: bash only checks their syntax.
var readOnly = map[string]string{
	"examples/stt/home-assistant.sh": "needs a Home Assistant, its address and a token: a test of its own plays one",
}

// daemonEnv marks the appliance of a sandbox, which keeps running.
const daemonEnv = "ORAC_DOC_DAEMON"

// quiet is how long to wait for the first line of a command that never ends: orac logs -f -n 0 may print
// none.
const quiet = 2 * time.Second

// Shorten returns the command lines of orac that are run instead of the given one. less says that fewer seeds run, which may not
// reach every situation that a scenario wants to see.
func Shorten(args []string) (lines [][]string, less bool) {
	if os.Getenv(sandboxEnv) == "" || len(args) < 1 || len(args) == 1 && args[0] != "init" && args[0] != "leave" && args[0] != "members" || slices.Contains(args, "--help") {
		return [][]string{args}, false
	}
	args = slices.Clone(args)
	switch {
	case slices.Contains([]string{"member", "join", "leave"}, args[0]):
		return [][]string{append(args, "--help")}, true
	case args[0] == "chaos" && !slices.Contains(args, "--list"):
		return read(args), true
	case args[0] == "init":
		if i := slices.Index(args, "--microphone"); i >= 0 && i+1 < len(args) {
			args = slices.Delete(args, i, i+2)
		}
		if !slices.Contains(args, "--yes") {
			args = append(args, "--yes")
		}
	case args[0] == "members", args[0] == "push":
		args = append(args, "--help")
	case args[0] == "models" && args[1] == "bench" && !slices.Contains(args, "--rounds"):
		args = append(args, "--rounds", "5")
	case args[0] == "models" && args[1] == "bench":
		args[slices.Index(args, "--rounds")+1] = "5"
	case args[0] == "sim":
		for flag, value := range map[string]string{"--seeds": "1-2", "--for": "20m"} {
			if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
				args[i+1] = value
				less = less || flag == "--seeds"
			}
		}
		some := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return slices.Contains(long, filepath.Base(a)) })
		less = less || slices.ContainsFunc(args, func(a string) bool { return filepath.Base(a) == "swarm.hcl" })
		if len(some) < len(args) && !slices.ContainsFunc(some, func(a string) bool { return strings.HasSuffix(a, ".hcl") }) {
			return read(args), true
		}
		args = some
	}
	return [][]string{args}, less
}

// read validates the files of a command instead of running them.
func read(args []string) (lines [][]string) {
	for _, a := range args[1:] {
		if src, err := os.ReadFile(a); strings.HasSuffix(a, ".hcl") && (err != nil || scenario.Is(src)) { // other files are skipped
			lines = append(lines, []string{"validate", a})
		}
	}
	return lines
}

// Endless tells whether a command runs until Ctrl-C.
func Endless(args []string) bool {
	if os.Getenv(sandboxEnv) == "" || os.Getenv(daemonEnv) != "" || len(args) == 0 || slices.Contains(args, "--help") {
		return false
	}
	follows := slices.Contains(args, "-f") || slices.Contains(args, "--follow")
	switch args[0] {
	case "run":
		return true
	case "status":
		return slices.Contains(args, "--watch")
	case "logs":
		return follows
	case "audit":
		return follows && slices.Contains(args, "tail")
	}
	return false
}

// Watch copies the output of a command that never ends, and calls end after the first line.
func Watch(from, to *os.File, end func()) (done chan struct{}) {
	end = sync.OnceFunc(end) // a second Ctrl-C would kill the command
	done = make(chan struct{})
	late := time.AfterFunc(quiet, end)
	go func() {
		defer close(done)
		b := make([]byte, 64<<10)
		for {
			n, err := from.Read(b)
			_, _ = to.Write(b[:n]) // if the reader is gone, the command notices
			if slices.Contains(b[:n], '\n') {
				late.Stop()
				end()
			}
			if err != nil {
				return
			}
		}
	}()
	return done
}
