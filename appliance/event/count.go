package event

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"orac/appliance/status"
)

// Counter is something that is counted while events happen, for Prometheus: a row of Counters. Labels hold names of blocks and words of
// ORAC, never what somebody has said or sent.
type Counter struct {
	Name    string // without orac_ in front
	Help    string
	Labels  []string
	Seconds bool // it measures times, too: see status.Buckets

	of func(Body) (labels []string, seconds float64, counts bool)
}

// counter makes a row.
func counter[T Body](name, help string, labels []string, of func(T) []string) Counter {
	return Counter{Name: name, Help: help, Labels: labels, of: func(b Body) ([]string, float64, bool) {
		x, ok := b.(T)
		if !ok {
			return nil, 0, false
		}
		list := of(x)
		return list, 0, list != nil
	}}
}

// timer makes a row that also measures.
func timer[T Body](name, help string, labels []string, of func(T) (labels []string, seconds float64)) Counter {
	return Counter{Name: name, Help: help, Labels: labels, Seconds: true, of: func(b Body) ([]string, float64, bool) {
		x, ok := b.(T)
		if !ok {
			return nil, 0, false
		}
		list, seconds := of(x)
		return list, seconds, list != nil
	}}
}

// Counters is the table of what is counted. A kind of event may be in several rows, and all kinds are in the first.
var Counters = []Counter{
	{Name: "events_total", Help: "What happened, by the kind of event: orac help json lists them.", Labels: []string{"kind"}, of: func(b Body) ([]string, float64, bool) {
		return []string{b.Kind()}, 0, true
	}},
	counter("wakes_total", "Wake words that were heard.", []string{"listener", "model"}, func(b Wake) []string { return []string{b.Listener, b.Model} }),
	timer("recording_seconds", "Length of the recordings, by why they ended.", []string{"listener", "why"}, func(b RecordingEnded) ([]string, float64) {
		return []string{b.Listener, b.Why}, b.Seconds
	}),
	counter("recordings_lost_total", "Recordings that were lost, or dropped because their listener was muted.", []string{"muted"}, func(b Dropped) []string { return []string{yes(b.Muted)} }),
	timer("delivery_seconds", "From the end of a recording to the answer of the service, by what it was: delivered, empty or failed (set aside).", []string{"stt", "outcome"}, func(b Delivered) ([]string, float64) {
		return []string{b.STT, b.Outcome}, b.Seconds
	}),
	counter("delivery_failures_total", "Tries to deliver a recording that failed. It stays in the spool.", []string{"stt"}, func(b DeliveryFailed) []string { return []string{b.STT} }),
	counter("delivery_repeats_total", "Recordings that were sent again although the service may have acted on them.", []string{"stt"}, func(b DeliveryRepeated) []string { return []string{b.STT} }),
	counter("device_opened_total", "How often a device was opened.", []string{"device"}, func(b DeviceOpened) []string { return []string{b.Device} }),
	counter("device_lost_total", "How often no sound came from a device any more.", []string{"device"}, func(b DeviceLost) []string { return []string{b.Device} }),
	counter("overruns_total", "How often the machine was too slow, so that sound was lost, by the mailbox that overflowed.", []string{"port"}, func(b Overrun) []string { return []string{b.Port} }),
	counter("engine_failures_total", "How often the process of an engine failed.", []string{"engine"}, func(b Engine) []string {
		if b.State != "failed" {
			return nil
		}
		return []string{b.STT}
	}),
	timer("served_seconds", "From the end of another machine's utterance to the answer of an STT server, its queue included, by what it was: text, nothing, failed or busy.", []string{"server", "outcome"}, func(b Served) ([]string, float64) {
		outcome := "text"
		switch {
		case b.Busy:
			outcome = "busy"
		case b.Cause != "":
			outcome = "failed"
		case b.Text == "":
			outcome = "nothing"
		}
		return []string{b.Server, outcome}, b.Waited + b.Took
	}),
	counter("answered_total", "Answers to clients of a Wyoming service: text, wake, nothing or failed.", []string{"outcome"}, func(b Answered) []string {
		switch {
		case b.Cause != "":
			return []string{"failed"}
		case b.Model != "":
			return []string{"wake"}
		case b.Text == "":
			return []string{"nothing"}
		}
		return []string{"text"}
	}),
	counter("forwarded_total", "Tries to hand a text to a Core or to a topic of this appliance: done, waiting (tried again), aside (for people) or lost.", []string{"core", "outcome"}, func(b Forwarded) []string {
		return []string{b.Core, b.Outcome}
	}),
	timer("acted_seconds", "From a text to its end, by topic, how it was understood, and what came of it.", []string{"topic", "tier", "result"}, func(b Acted) ([]string, float64) {
		return []string{b.Topic, cmp.Or(b.Tier, "none"), b.Result}, b.Took
	}),
	counter("timers_ended_total", "Timers that have ended; late: while ORAC did not run.", []string{"topic", "late"}, func(b TimerEnded) []string { return []string{b.Topic, yes(b.Late > 0)} }),
	timer("sound_wait_seconds", "From when a sound was asked for until it was heard, or ended unheard, by speaker, priority and why it ended.", []string{"speaker", "priority", "cause"}, func(b SoundPlayed) ([]string, float64) {
		return []string{b.Speaker, b.Priority, b.Cause}, b.Waited
	}),
	counter("speaker_lost_total", "How often nothing could be played at a speaker any more.", []string{"speaker"}, func(b SpeakerLost) []string { return []string{b.Speaker} }),
	counter("satellite_runs_total", "Commands and questions that Home Assistant was asked, by satellite and what came of them: done, handed (to another service), lost or ended (somebody or something ended it).", []string{"satellite", "outcome"}, func(b HomeOver) []string {
		return []string{b.Satellite, b.outcome()}
	}),
	counter("satellite_left_total", "How often Home Assistant left a satellite.", []string{"satellite"}, func(b HomeLeft) []string { return []string{b.Satellite} }),
	counter("backend_failures_total", "How often a backend could not be reached, or was lost.", []string{"backend"}, func(b BackendHealth) []string {
		if b.OK {
			return nil
		}
		return []string{b.Backend}
	}),
	counter("webhook_sent_total", "Events that a webhook has accepted.", []string{"webhook"}, func(b WebhookTaken) []string { return []string{b.Webhook} }),
	counter("webhook_failures_total", "Tries to send an event to a webhook that failed.", []string{"webhook"}, func(b WebhookFailed) []string { return []string{b.Webhook} }),
	counter("mqtt_lost_total", "How often an MQTT broker was lost, or could not be reached.", []string{"mqtt"}, func(b BrokerLost) []string { return []string{b.Broker} }),
	counter("mutes_total", "How often somebody muted a listener; all: every one.", []string{"listener"}, func(b Muted) []string { return []string{cmp.Or(b.Listener, "all")} }),
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// maxSeries bounds the combinations of labels: all are made of names that the runbook declares, and some of names of clients.
const maxSeries = 2000

// Tally counts events. Its zero value has counted none.
type Tally struct{ series map[string]*status.Count }

// Add counts an event.
func (y *Tally) Add(e Event) {
	if y.series == nil {
		y.series = map[string]*status.Count{}
	}
	for i := range Counters {
		c := &Counters[i]
		labels, seconds, counts := c.of(e.Body)
		if !counts {
			continue
		}
		key := c.Name + "\x00" + strings.Join(labels, "\x00")
		s := y.series[key]
		if s == nil {
			if len(y.series) >= maxSeries {
				continue
			}
			s = &status.Count{Name: c.Name, Labels: labels}
			if c.Seconds {
				s.Under = make([]uint64, len(status.Buckets))
			}
			y.series[key] = s
		}
		s.Add(seconds)
	}
}

// Counts are what was counted so far.
func (y *Tally) Counts() (list []status.Count) {
	for _, key := range slices.Sorted(maps.Keys(y.series)) {
		s := *y.series[key]
		s.Under = slices.Clone(s.Under)
		list = append(list, s)
	}
	return list
}
