//go:build !race

package sim

import (
	"strings"
	"testing"
	"time"

	"orac/runbook/scenario"
	"orac/sim/trial/report"
)

// TestEveryKindDoesWhatItSays makes every kind of fault, from 30 s to 60 s of a run in which somebody speaks all the time, and
// looks at what the appliance says of it. None may break what is always demanded, and none may do nothing at all.
func TestEveryKindDoesWhatItSays(t *testing.T) {
	const begin, end = 30.0, 60.0
	lost := func(cause string) func(*machine, report.Run) bool {
		return func(_ *machine, r report.Run) bool {
			return said(r, "device_lost", cause, begin, end+6) > 0 && said(r, "device_opened", "mic", begin, 90) > 0
		}
	}
	failed := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return said(r, "delivery_failed", cause, begin, end+32) > 0 && m.account.Delivered == m.account.Recorded
		}
	}
	// Who is cut off after the end of a stream waits for the answer, and has it when that is over.
	unreached := func(m *machine, r report.Run) bool {
		return said(r, "stt_health", "", begin, end) > 0 && said(r, "delivered", "", begin+1, end) == 0 && m.account.Delivered == m.account.Recorded && m.account.ActedTwice == 0
	}
	noticed := func(m *machine, _ report.Run) bool { _, _, at, _ := m.judge.Fault(0); return at >= 0 }
	deaf := func(_ *machine, r report.Run) bool {
		return said(r, "wake", "", begin+1, end-1) == 0 && said(r, "device_lost", "", 0, 120) == 0 && said(r, "wake", "", end+5, 120) > 0
	}
	unheard := func(_ *machine, r report.Run) bool { return said(r, "device_lost", "", 0, 120) == 0 }
	stored := func(m *machine, r report.Run) bool {
		return said(r, "spooled", "memory", begin, end+3) > 0 && m.account.Delivered == m.account.Recorded
	}
	// An engine fails once, is ready again, and everything is understood.
	failedEngine := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return said(r, "engine", cause, begin, end+6) == 1 && noticed(m, r) && said(r, "engine", "is ready", begin, end+12) == 1 &&
				m.account.Delivered == m.account.Recorded && m.account.Refused == 0
		}
	}
	// Who sends a text is answered at once, and Core has it in the end.
	forwarded := func(m *machine, _ report.Run) bool {
		s := m.floor.callers[0]
		return s.served == s.asked && s.asked > 10 && m.floor.book.ActedTwice == 0 && m.core.Forwards()[0].Waiting == 0
	}
	// Who commands the house is answered, and nothing is done twice; what the home says is told.
	told := func(cause string, least int) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			s := m.floor.callers[0]
			return s.served == s.asked && s.asked > 10 && m.floor.book.ActedTwice == 0 && said(r, "acted", cause, begin, end+30) >= least
		}
	}
	// Spans wait, and are taken afterwards; nothing else suffers.
	missed := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "traces_failed", cause, begin, end+30) == 1 && said(r, "traces_back", "", begin, 120) == 1 &&
				m.core.Traces().Dropped == 0 && m.core.Traces().Sent > 20 && m.account.Delivered == m.account.Recorded
		}
	}
	// The broker shows how the appliance is, and orders that somebody gave were carried out.
	shown := func(m *machine) bool { return m.shownAt() == 1 && m.brokerOf("home").orders > 0 }
	absent := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "broker_lost", cause, begin, end+9) >= 1 && said(r, "broker_found", "", begin+1, end+10) >= 1 && shown(m) &&
				m.core.MQTT()[0].Dropped > 0 && m.account.Delivered == m.account.Recorded
		}
	}
	// A process that was replaced meanwhile has no token, and gets one when that is over. Nothing is sent without one, and nothing is lost.
	tokenless := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "login_health", cause, begin, end) > 0 && said(r, "login_health", "has tokens", end, end+32) == 1 &&
				said(r, "delivered", "", begin+6, end-1) == 0 && m.account.Delivered > m.account.Recorded // and what was cut off
		}
	}
	// Clients fill the service, and whoever else asks there waits; the microphone does not.
	crowded := func(m *machine, r report.Run) bool {
		s := m.floor.callers[0]
		return s.served == s.asked && s.asked > 10 && said(r, "answered", "", begin, end) > 20 && m.account.Delivered == m.account.Recorded && m.account.Recorded > 15
	}
	// A speaker is lost and opened again, and what it was to play is heard.
	speechless := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "speaker_lost", cause, begin, end+4) > 0 && said(r, "speaker_opened", "", begin, end+6) > 0 && m.account.SoundsHeard > 20 &&
				m.account.Delivered == m.account.Recorded && m.account.Missed == 0
		}
	}
	unspoken := func(cause string) func(*machine, report.Run) bool {
		return func(m *machine, r report.Run) bool {
			return said(r, "sound_played", cause, begin, end+12) > 2 && m.account.SoundsFailed > 2 && m.account.SoundsHeard > 20
		}
	}
	// Home Assistant does what it is asked, all the same.
	served := func(m *machine, _ report.Run) bool {
		return m.account.HomeAnswered > 10 && m.account.HomeLost == 0 && m.account.HomeHanded == 0
	}
	const replaced = "fault \"kill\" \"then\" {\n  at = \"31s\"\n}\n"
	rebooted := func(m *machine, _ report.Run) bool { return m.boots == 2 }

	tests := map[scenario.Kind]struct {
		more string // of the fault's block
		also string // blocks
		does func(*machine, report.Run) bool
	}{
		scenario.ReadBlocks:  {does: lost("no sound for")},
		scenario.OpenHangs:   {does: lost("hangs")},
		scenario.ListHangs:   {also: "fault \"worker_kill\" \"then\" {\n  at = \"32s\"\n}\n", does: lost("hangs")},
		scenario.Drops:       {more: "rate = 0.5", does: deaf},
		scenario.ShortReads:  {does: unheard},
		scenario.WrongRate:   {more: "rate = 0.5", does: func(m *machine, r report.Run) bool { return m.Sound("mic") < 1400 }},
		scenario.Stuck:       {more: "for = \"40s\"", does: lost("the same 80ms of sound")},
		scenario.Silence:     {does: deaf},
		scenario.Noise:       {does: deaf},
		scenario.Clipping:    {does: unheard},
		scenario.Unplug:      {does: lost("there is no such input")},
		scenario.AudioDown:   {does: lost("the audio server does not answer")},
		scenario.WorkerKill:  {does: lost("signal: killed")},
		scenario.WorkerStop:  {does: lost("no sound for")},
		scenario.WorkerTrash: {does: lost("no frames")},
		scenario.Suspended:   {does: lost("no sound for")},

		scenario.STTDown: {does: failed("connection refused")},
		scenario.STTSlow: {more: "delay = \"8s\"", does: func(m *machine, r report.Run) bool {
			return said(r, "delivery_failed", "", 0, 120) == 0 && m.account.Acted == m.account.Recorded && m.account.ActedTwice == 0 && said(r, "delivered", "", begin+8, end) > 1
		}},
		scenario.STTReset: {does: failed("reset by peer")},
		scenario.STTEmpty: {does: func(m *machine, r report.Run) bool {
			return said(r, "delivered", "given up", begin, end) > 0 && m.account.Refused+m.account.Acted == m.account.Recorded
		}},
		scenario.STTTrash: {does: func(_ *machine, r report.Run) bool { return said(r, "delivery_failed", "no JSON", begin, end) > 0 }},
		scenario.STTLies: {does: func(_ *machine, r report.Run) bool {
			return said(r, "delivery_failed", "Transcription Failed", begin, end) > 0
		}},
		scenario.STTLate: {does: func(m *machine, r report.Run) bool {
			return failed("no transcript")(m, r) && said(r, "delivery_repeated", "no transcript", begin, 120) == m.account.ActedTwice && m.account.ActedTwice > 0
		}},
		scenario.STTEngine: {does: func(m *machine, r report.Run) bool {
			return failed("Transcription Failed")(m, r) && said(r, "delivery_failed", "its engine failed", begin, end) > 0 && m.account.Refused == 0 && m.account.Acted == m.account.Recorded
		}},
		scenario.STTStopped: {does: func(m *machine, r report.Run) bool {
			return said(r, "delivered", "", begin+1, end) == 0 && m.account.Delivered == m.account.Recorded && m.account.ActedTwice == 0
		}},
		scenario.STTEnds: {more: "for = \"7s\"", does: func(m *machine, r report.Run) bool {
			return said(r, "delivery_repeated", "reset by peer", begin+31, end+60) == 1 && m.account.ActedTwice == 1 && m.account.Refused == 0
		}},
		scenario.STTUnauthorized: {does: failed("token")},
		scenario.STTHolds:        {does: failed("no transcript")},
		scenario.STTCut: {does: func(_ *machine, r report.Run) bool {
			return said(r, "delivery_failed", "unexpected EOF", begin, end) > 0
		}},
		scenario.STTCorrupt: {does: func(_ *machine, r report.Run) bool { return said(r, "delivery_failed", "no JSON", begin, end) > 0 }},
		scenario.STTSilent:  {more: "for = \"45s\"", does: unreached},
		scenario.STTPoison: {more: "for = \"70s\"", does: func(m *machine, r report.Run) bool {
			return m.account.Refused == 1 && said(r, "delivered", "given up", begin, 90) == 1 && m.account.Delivered == m.account.Recorded-1
		}},
		scenario.STTNoStream: {does: func(m *machine, r report.Run) bool {
			return said(r, "streaming", "go by HTTP", begin, end) == 1 && said(r, "streaming", "again", end, 120) == 1 && said(r, "delivery_failed", "", 0, 120) == 0 &&
				m.account.Delivered == m.account.Recorded
		}},
		scenario.NetDown:      {more: "for = \"45s\"", does: unreached},
		scenario.EngineDies:   {does: failedEngine("its process ended")},
		scenario.EngineHangs:  {does: failedEngine("no answer within")},
		scenario.EngineMemory: {more: "size = \"300MiB\"", does: failedEngine("max_memory")},
		scenario.EngineTrash:  {does: failedEngine("its process ended")},
		scenario.EngineSlow: {does: func(m *machine, r report.Run) bool {
			return said(r, "engine", "", begin, end) == 0 && said(r, "delivered", "", begin+2, end) > 2 && m.account.Delivered == m.account.Recorded
		}},
		scenario.EngineBroken: {also: "fault \"engine_dies\" \"then\" {\n  at = \"31s\"\n}\n", does: func(m *machine, r report.Run) bool {
			return said(r, "engine", "cannot be loaded", begin, end) > 3 && noticed(m, r) && said(r, "delivered", "", begin+2, end) == 0 &&
				m.account.Delivered == m.account.Recorded && m.account.Refused == 0
		}},
		scenario.WyomingUnread: {does: crowded},

		scenario.PlayerKill:    {does: speechless("signal: killed")},
		scenario.PlayerStop:    {does: speechless("it took no sound for")},
		scenario.PlayerTrash:   {does: speechless("no frames")},
		scenario.SpeakerUnplug: {does: speechless("there is no such output")},
		scenario.TTSDown:       {does: unspoken("connection refused")},
		scenario.TTSSlow:       {does: unspoken("no answer within")},
		scenario.TTSTrash:      {does: unspoken("it is neither WAV")},
		scenario.HomeGone: {does: func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "home_left", "", begin, end) == 1 && said(r, "home_arrived", "", end, end+5) == 1 && said(r, "home_over", "another service takes", begin, end) > 3 &&
				m.account.HomeLost == 0 && m.account.Delivered == m.account.HomeHanded
		}},
		scenario.HomeHangs: {does: func(m *machine, r report.Run) bool {
			return said(r, "home_over", "did not end what it had begun", end, 110) == 1 && m.account.HomeLost == 1 && m.account.HomeAnswered > 4
		}},
		scenario.HomeTwice: {does: served},
		scenario.HomeTrash: {does: served},
		scenario.HomeCrowd: {does: func(m *machine, r report.Run) bool {
			return said(r, "home_over", "has begun anew", begin, end+1) > 2 && m.account.HomeAnswered > 5
		}},
		scenario.SoundStall: {does: func(_ *machine, r report.Run) bool { // whoever speaks next ends what waits
			return said(r, "sound_played", "0.8 s: barge-in", begin, end) > 3
		}},
		scenario.MDNSLost: {also: "fault \"kill\" \"then\" {\n  at = \"31s\"\n  for = \"8s\"\n}\n", does: func(_ *machine, r report.Run) bool {
			return said(r, "home_arrived", "", begin, 39) == 0 && said(r, "home_arrived", "", 42, 44) == 1
		}},
		scenario.HeartbeatDown:    {does: noticed},
		scenario.HeartbeatRefused: {does: noticed},
		scenario.WebhookSlow:      {does: noticed},
		scenario.WebhookDown: {does: func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "webhook_failed", "connection refused", begin, end) > 2 && m.core.Hooks()[0].Waiting == 0
		}},
		scenario.WebhookRefused: {does: func(m *machine, r report.Run) bool {
			return noticed(m, r) && len(m.incidentIn) == 1 && m.incidents[m.incidentIn[0]].End > 0 && m.core.Hooks()[0].Waiting == 0
		}},
		scenario.WebhookGone: {does: func(m *machine, r report.Run) bool {
			return noticed(m, r) && said(r, "webhook_failed", "410", begin, 120) == 1 && m.core.Hooks()[0].Gone && m.core.Hooks()[0].Waiting > 20
		}},
		scenario.WebhookPoison: {more: "for = \"45s\"", does: func(m *machine, r report.Run) bool {
			return said(r, "webhook_aside", "takes", begin, 120)+said(r, "webhook_aside", "took another", begin, 120) == 1 && m.core.Hooks()[0].Aside == 1 && m.core.Hooks()[0].Waiting == 0
		}},
		scenario.WebhookFlood: {does: func(m *machine, r report.Run) bool {
			return said(r, "webhook_failed", "", 0, 120) == 0 && m.account.Told > 20
		}},

		scenario.CollectorDown:   {does: missed("refused")},
		scenario.CollectorError:  {does: missed("500")},
		scenario.CollectorDenied: {does: missed("401")},
		scenario.CollectorSlow:   {more: "for = \"50s\"", does: missed("deadline")},
		scenario.CollectorFlood: {does: func(m *machine, r report.Run) bool {
			return said(r, "traces_failed", "", 0, 120) == 0 && m.core.Traces().Sent > 20
		}},

		scenario.BrokerDown:   {does: absent("reset by peer")},
		scenario.BrokerDenied: {does: absent("username and password")},
		scenario.BrokerFlaps:  {does: absent("reset by peer")},
		scenario.BrokerSlow: {more: "delay = \"12s\"", does: func(m *machine, r report.Run) bool {
			return shown(m) && m.core.MQTT()[0].Dropped > 0 && m.account.Delivered == m.account.Recorded
		}},
		scenario.BrokerTrash: {does: func(m *machine, r report.Run) bool { // each is refused, and few are told
			n := said(r, "order_refused", "", begin, end+1)
			return shown(m) && m.core.MQTT()[0].Denied > 100 && n >= 2 && n <= 4 && said(r, "broker_lost", "", 0, 120) == 0
		}},

		scenario.CoreDown: {does: func(m *machine, r report.Run) bool {
			return forwarded(m, r) && said(r, "forwarded", "refused", begin, end) > 2 && noticed(m, r)
		}},
		scenario.CoreUnauthorized: {does: func(m *machine, r report.Run) bool {
			return forwarded(m, r) && noticed(m, r) && m.floor.book.Acted == len(m.floor.all)
		}},
		scenario.CoreSlow: {does: func(m *machine, r report.Run) bool {
			return forwarded(m, r) && said(r, "forwarded", "", begin+1, end-2) < 4 && m.floor.book.Acted == len(m.floor.all)
		}},
		scenario.CoreEnds: {does: func(m *machine, r report.Run) bool { // nobody knows what became of it: nothing is sent again
			return forwarded(m, r) && m.core.Forwards()[0].Aside > 2 && m.floor.book.Acted == len(m.floor.all)
		}},

		scenario.BackendDown: {does: func(m *machine, r report.Run) bool {
			return told("connection refused", 2)(m, r) && noticed(m, r) && said(r, "backend_health", "refused", begin, end) > 2
		}},
		scenario.BackendUnauthorized: {does: func(m *machine, r report.Run) bool {
			return told("401", 2)(m, r) && noticed(m, r) && said(r, "backend_health", "is connected", end, end+10) == 1
		}},
		scenario.BackendSlow: {does: func(m *machine, r report.Run) bool {
			return told("no answer within", 2)(m, r) && m.floor.book.Acted >= len(m.floor.all)-2
		}},
		scenario.BackendEnds: {does: func(m *machine, r report.Run) bool {
			return told("the connection ended", 3)(m, r) && m.floor.book.Acted == len(m.floor.all)
		}},
		scenario.BackendStuck: {does: func(m *machine, r report.Run) bool {
			return told("does not follow", 3)(m, r) && m.floor.book.Acted < len(m.floor.all)-2
		}},
		scenario.ModelDown:  {does: func(m *machine, r report.Run) bool { return told("could not be asked", 1)(m, r) && noticed(m, r) }},
		scenario.ModelSlow:  {does: func(m *machine, r report.Run) bool { return told("", 1)(m, r) && noticed(m, r) }},
		scenario.ModelHangs: {does: func(m *machine, r report.Run) bool { return told("", 1)(m, r) && noticed(m, r) }},
		scenario.ModelTrash: {does: told("cannot be done", 1)},

		scenario.IssuerDown:    {also: replaced, does: tokenless("refused")},
		scenario.IssuerSlow:    {also: replaced, does: tokenless("deadline")},
		scenario.IssuerRefuses: {also: replaced, does: tokenless("401")},
		scenario.IssuerKeysRotated: {more: "way = \"loses\"", also: replaced, does: func(m *machine, r report.Run) bool {
			return said(r, "login_health", "has tokens", begin, end) == 1 && said(r, "delivery_failed", "401", begin, end) == 0 && m.account.Delivered > m.account.Recorded
		}},

		scenario.DiskFull:     {does: stored},
		scenario.DiskReadOnly: {does: stored},
		scenario.DiskError:    {does: stored},
		scenario.DiskSlow: {does: func(m *machine, _ report.Run) bool {
			return m.account.Delivered == m.account.Recorded && m.account.Recorded > 5
		}},

		scenario.NodePanic: {more: "target = \"features.mic\"", does: func(_ *machine, r report.Run) bool {
			return said(r, "node_failed", "a defect of the scenario", begin, end) == 1
		}},
		scenario.NodeStarve: {more: "target = \"features.mic\"\nfor = \"4s\"", does: func(_ *machine, r report.Run) bool { return said(r, "wake", "", begin, begin+4) == 0 }},
		scenario.CPUStarve: {more: "for = \"20s\"", does: func(_ *machine, r report.Run) bool {
			return said(r, "", "", begin+0.1, begin+19) == 0 && said(r, "wake", "", begin, begin+19) == 0 && said(r, "delivered", "", begin+0.1, begin+19) == 0
		}},
		scenario.MemoryLeak: {more: "size = \"60MiB\"", does: func(m *machine, _ report.Run) bool { return m.Memory() > restMemory+80<<20 }},
		scenario.MemoryRise: {more: "size = \"500MiB\"", also: "change \"memory\" {\n  every = \"10s\"\n}\n", does: func(m *machine, r report.Run) bool {
			return m.reexecs == 1 && m.Memory() < 100<<20
		}},

		scenario.PowerLoss:   {does: rebooted},
		scenario.Kill:        {does: rebooted},
		scenario.OutOfMemory: {does: rebooted},
		scenario.Descriptors: {also: "fault \"worker_kill\" \"then\" {\n  at = \"50s\"\n}\n", does: func(m *machine, r report.Run) bool {
			return lost("too many open files")(m, r) && failed("too many open files")(m, r) && stored(m, r)
		}},
		scenario.ClockJump: {more: "by = \"3h\"", does: func(m *machine, _ report.Run) bool {
			return m.driver.Wall().Sub(m.epoch).Hours() > 3
		}},
		scenario.Apply: {more: "block = \"model.hey_jarvis\"\nset = { threshold = 0.6 }", does: func(m *machine, _ report.Run) bool {
			model, _ := m.core.Graph().Runbook.Model("model.hey_jarvis")
			return m.applied == 1 && model.Threshold == 0.6
		}},
		scenario.Push: {more: "block = \"model.hey_jarvis\"\nset = { threshold = 0.6 }", does: func(m *machine, _ report.Run) bool {
			model, _ := m.core.Graph().Runbook.Model("model.hey_jarvis")
			attic, err := m.evaluate([]byte(m.centre.allies[0].text))
			return err == nil && attic.Models[0].Threshold == 0.6 && m.centre.done == 1 && model.Threshold == 0.6 && m.core.Generation() == 2
		}},
	}
	for k := range tests {
		if _, made := makerOf(k); !made {
			t.Errorf("%s is tested, and cannot be made", k)
		}
	}
	speech := "sound \"command\" {\n  at = \"5s\"\n  every = \"6s\"\n}\n"
	_, quiet := rehearse(t, scene(t, "2m", speech), 1)
	_, quietEngine := rehearse(t, sceneIn(t, embedded, "2m", speech), 1)
	calls := "caller \"study\" {\n  at = \"5s\"\n  every = \"6s\"\n}\n"
	_, quietServer := rehearse(t, sceneIn(t, serving, "2m", calls), 1)
	_, quietTraced := rehearse(t, sceneIn(t, traced, "2m", speech), 1)
	_, quietShown := rehearse(t, sceneIn(t, shownOff, "2m", speech), 1)
	_, quietMember := rehearse(t, sceneIn(t, member, "2m", speech), 1)
	asks := "caller \"phone\" {\n  topic = \"general\"\n  at = \"5s\"\n  every = \"6s\"\n}\n"
	_, quietHome := rehearse(t, sceneIn(t, acting, "2m", asks), 1)
	dictates := speech + "caller \"hall\" {\n  wyoming = \"speech\"\n  at = \"7s\"\n  every = \"8s\"\n}\n"
	_, quietVoice := rehearse(t, sceneIn(t, visited, "2m", dictates), 1)
	_, quietParlour := rehearse(t, sceneIn(t, answering, "2m", speech), 1)
	_, quietSatellite := rehearse(t, sceneIn(t, adopted, "2m", speech), 1)
	for _, kind := range scenario.Kinds() {
		k := kind.Kind
		mk, made := makerOf(k)
		switch {
		case made == (kind.Unmodelled != ""):
			t.Errorf("%s: the simulator makes it: %v; the table says: %q", k, made, kind.Unmodelled)
			continue
		case !made:
			continue
		case mk.how == "":
			t.Errorf("nobody says what is modelled of %s", k)
			continue
		}
		// Of a kind that has no row above, the appliance complains as its family says.
		test, ok := tests[k]
		if !ok {
			test.does = func(m *machine, _ report.Run) bool { return noticed(m, report.Run{}) != kind.Harmless }
		}
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			more := test.more
			if kind.Lasts && !strings.Contains(more, "for =") {
				more += "\n  for = \"30s\""
			}
			fault := "fault \"" + string(k) + "\" \"it\" {\n  at = \"30s\"\n  " + more + "\n}\n"
			home, quiet, speech := house, quiet, speech
			switch kind.Target {
			case scenario.EngineTarget:
				home, quiet = embedded, quietEngine
			case scenario.CoreTarget:
				home, quiet, speech = serving, quietServer, calls
			case scenario.TracesTarget:
				home, quiet = traced, quietTraced
			case scenario.BrokerTarget:
				home, quiet = shownOff, quietShown
			case scenario.WyomingTarget:
				home, quiet, speech = visited, quietVoice, dictates
			case scenario.SpeakerTarget, scenario.TTSTarget:
				home, quiet = answering, quietParlour
			case scenario.ESPHomeTarget:
				home, quiet = adopted, quietSatellite
			case scenario.LoginTarget:
				home, quiet = member, quietMember
			case "":
				if k == scenario.Push {
					home, quiet = member, quietMember
				}
			case scenario.BackendTarget, scenario.ModelTarget:
				home, quiet, speech = acting, quietHome, asks
			}
			sc := sceneIn(t, home, "2m", speech+fault+test.also)
			sc.Head.Heal = 80 * time.Second
			m, r := rehearse(t, sc, 1)
			if len(r.Unsupported) > 0 || len(r.Faults) == 0 || r.Faults[0].How != mk.how {
				t.Fatalf("it was not made: %v, %v", r.Unsupported, r.Faults)
			}
			if len(r.Breaks) > 0 {
				t.Errorf("it breaks what is always demanded: %+v", r.Breaks)
			}
			if unseen := k == scenario.ClockJump || k == scenario.MemoryLeak; r.Hash == quiet.Hash && !unseen {
				t.Error("it changes nothing")
			}
			if !test.does(m, r) {
				for _, e := range r.Events {
					t.Logf("%8.2f %s %s %s", e.At, e.Lane, e.Kind, e.Text)
				}
				t.Errorf("it does not what it says (%s)", mk.how)
			}
		})
	}
}
