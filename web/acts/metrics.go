package acts

import (
	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/act"
)

// Collector reads the values of the acting side when Prometheus asks. Labels are names of blocks, tiers, results and verdicts, never what
// somebody has said. State returns false while nothing acts.
type Collector struct {
	State func() (act.CoreState, bool)
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("orac_"+name, help, labels, nil)
}

var (
	textsDesc      = desc("commands_total", "Texts by topic, how they were understood (tier; none: not at all), and what came of them (result).", "topic", "tier", "result")
	callsDesc      = desc("command_calls_total", "Calls by topic, backend (none: ORAC itself) and verdict.", "topic", "backend", "verdict")
	toCallDesc     = desc("command_call_seconds", "From a text to its first call, the time in line included.", "topic")
	toProofDesc    = desc("command_proof_seconds", "From a call to the state that proves it.", "topic")
	waitingDesc    = desc("commands_waiting", "Texts that wait for their turn.", "topic")
	rememberedDesc = desc("commands_remembered", "Requests that are remembered on the disk, so that each is acted on once.", "topic")
	damagedDesc    = desc("commands_damaged", "Files of remembered requests that could not be read and were set aside.", "topic")
	refusedDesc    = desc("commands_disk_refuses", "1 while the disk refuses to note requests.", "topic")
	learntDesc     = desc("commands_learnt", "Answers of a language model that are used again.", "topic")
	problemsDesc   = desc("topic_problems", "Problems of the sentences of a topic.", "topic")
	backendDesc    = desc("backend_connected", "1 while a backend is connected.", "backend")
	entitiesDesc   = desc("backend_entities", "Entities that sentences may name.", "backend")
	modelDesc      = desc("language_model_up", "1 unless the last question failed.", "model")
	askedDesc      = desc("language_model_asked_total", "Questions to a language model.", "model")
	rejectedDesc   = desc("language_model_rejected_total", "Answers of a language model that named something which does not exist.", "model")
	questionsDesc  = desc("language_model_waiting", "Questions that wait for a language model.", "model")
)

// Describe implements prometheus.Collector.
func (Collector) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		textsDesc, callsDesc, toCallDesc, toProofDesc, waitingDesc, rememberedDesc, damagedDesc, refusedDesc, learntDesc, problemsDesc, backendDesc, entitiesDesc,
		modelDesc, askedDesc, rejectedDesc, questionsDesc,
	} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (a Collector) Collect(c chan<- prometheus.Metric) {
	st, ok := a.State()
	if !ok {
		return
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for _, t := range st.Topics {
		if !t.Declared { // anybody may name others in a heartbeat
			continue
		}
		for k, n := range t.Tally.Texts {
			count(textsDesc, n, t.Name, orNone(string(k.Tier)), string(k.Result))
		}
		calls := map[act.CallKind]uint64{}
		for k, n := range t.Tally.Calls { // a backend may be called none, too
			calls[act.CallKind{Backend: orNone(k.Backend), Verdict: k.Verdict}] += n
		}
		for k, n := range calls {
			count(callsDesc, n, t.Name, k.Backend, string(k.Verdict))
		}
		c <- histogram(toCallDesc, t.Tally.ToCall, t.Name)
		c <- histogram(toProofDesc, t.Tally.ToProof, t.Name)
		gauge(waitingDesc, t.Waiting, t.Name)
		gauge(rememberedDesc, t.Remembered, t.Name)
		gauge(damagedDesc, t.Damaged, t.Name)
		gauge(refusedDesc, one(t.Error != ""), t.Name)
		gauge(learntDesc, t.Learnt, t.Name)
		gauge(problemsDesc, len(t.Problems), t.Name)
	}
	for _, b := range st.Backends {
		gauge(backendDesc, one(b.Connected), b.Name)
		gauge(entitiesDesc, b.Enabled, b.Name)
	}
	for _, m := range st.Models {
		gauge(modelDesc, one(m.Error == ""), m.Name)
		count(askedDesc, uint64(max(0, m.Asked)), m.Name)
		count(rejectedDesc, uint64(max(0, m.Rejected)), m.Name)
		gauge(questionsDesc, m.Waiting, m.Name)
	}
}

func histogram(d *prometheus.Desc, h act.Histogram, labels ...string) prometheus.Metric {
	upTo, all := map[float64]uint64{}, uint64(0)
	for i, bound := range act.Buckets {
		if i < len(h.Counts) {
			all += h.Counts[i]
		}
		upTo[bound] = all
	}
	return prometheus.MustNewConstHistogram(d, h.Count(), h.Sum, upTo, labels...)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}
