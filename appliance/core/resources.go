package core

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"orac/appliance/amount"
	"orac/appliance/health"
	"orac/appliance/memory"
	"orac/appliance/rt"
	"orac/appliance/status"
	"orac/runbook"
	"orac/runbook/language"
)

// rateTime is the time over which rates are shown.
const rateTime = 2 * time.Second

// Rate is how many values a node reads per second. It may be called from anywhere.
func (m *Monitor) Rate(address string) float64 {
	if r := m.rates.Load(); r != nil {
		return (*r)[address]
	}
	return 0
}

// measureRates notes how much each node has read since the last measurement.
func (m *Monitor) measureRates(before map[string]uint64, over time.Duration) map[string]uint64 {
	m.prepare()
	now, rates := make(map[string]uint64, len(m.watched)), make(map[string]float64, len(m.watched))
	for _, v := range m.Runner.Views() {
		address := v.Node.Address
		n := m.watched[address]
		if n == nil {
			continue // it is about to be taken out
		}
		taken, _, _ := n.taken()
		now[address] = taken
		if was, ok := before[address]; ok && taken >= was {
			rates[address] = amount.Round(float64(taken-was)/over.Seconds(), 2)
		}
	}
	m.rates.Store(&rates)
	return now
}

// Memory is the last measurement. It may be called from anywhere.
func (m *Monitor) Memory() status.Memory {
	if v := m.memory.Load(); v != nil {
		return *v
	}
	return status.Memory{}
}

// ErrMemory is the error of Run when the appliance has grown over memory.restart.
var ErrMemory = errors.New("the appliance has grown over memory.restart: the process must be replaced")

// lag notes when the machine does not let the appliance run.
func (m *Monitor) lag(t *rt.Task, lag, most time.Duration) {
	f := health.Fact{Component: "loop", Kind: "loop", Level: health.Healthy}
	if lag > most {
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the appliance could not run for %v: the machine is overloaded or was asleep", lag.Round(10*time.Millisecond))
	}
	m.fact(t, f)
	if lag > lookEvery { // a node that could not run was not stuck
		for address, p := range m.nodes {
			p.since = p.since.Add(lag)
			m.nodes[address] = p
		}
	}
}

// listeners reports the state of what is served to the network beside the graph, and forgets what is wanted no more.
func (m *Monitor) listeners(t *rt.Task) {
	if m.Listeners == nil {
		return
	}
	gone := m.served
	m.served = nil
	for _, l := range m.Listeners() {
		f := health.Fact{Component: l.Component, Kind: "web", Level: health.Healthy, Why: l.Why}
		if l.Why != "" {
			f.Level = cmp.Or(l.Level, health.Unhealthy)
		}
		m.fact(t, f)
		m.served = append(m.served, l.Component)
		gone = slices.DeleteFunc(gone, func(name string) bool { return name == l.Component })
	}
	for _, name := range gone {
		m.model.Forget(name)
		if id, open := m.open[name]; open {
			m.Log.Recover(t, id)
			delete(m.open, name)
		}
	}
}

func (m *Monitor) disk(t *rt.Task, d runbook.Disk) {
	f := health.Fact{Component: "disk", Kind: "disk", Level: health.Healthy}
	switch free, err := m.FS.Free(t); {
	case err != nil:
		f.Level, f.Why = health.Unhealthy, err.Error()
	case free < int64(d.KeepFree):
		f.Level, f.Why = health.Unhealthy, fmt.Sprintf("%v are free; disk.keep_free asks for %v: make room", language.Size(free), d.KeepFree)
	}
	m.fact(t, f)
}

// logFile opens an incident while the log cannot be written to its file. The appliance still hears, so it is only degraded.
func (m *Monitor) logFile(t *rt.Task, path string) {
	if m.LogFile == nil {
		return
	}
	f := health.Fact{Component: "log", Kind: "log", Level: health.Healthy}
	if err := m.LogFile(); err != nil && path != "" {
		f.Level, f.Why = health.Degraded, fmt.Sprintf("the log cannot be written to log_file %s: %v", path, err)
		if _, open := m.open[f.Component]; !open {
			m.open[f.Component], _ = m.Log.Open(t, f.Component, f.Why, "")
		}
	}
	m.fact(t, f)
}

func (m *Monitor) memorySettings() memory.Settings {
	l := m.Runner.Graph().Runbook.Memory
	return memory.Settings{Limits: memory.Limits{Warn: int64(l.Warn), Restart: int64(l.Restart)}, Every: l.Every}
}

// measured handles a measurement; it is called by the watch's own task.
func (m *Monitor) measured(t *rt.Task, s status.Memory, v memory.Verdict, err error) {
	if err == nil { // a failed measurement is no reason to act
		m.memory.Store(&s)
		m.verdict.Push(t, v)
	}
}

// grown reports how well memory is, and ends the appliance when it has grown too large.
func (m *Monitor) grown(t *rt.Task, v memory.Verdict) error {
	f := health.Fact{Component: "memory", Kind: "memory", Level: health.Healthy}
	if v.Warn {
		f.Level, f.Why = health.Degraded, v.Why
	}
	m.fact(t, f)
	if !v.Restart && !v.Warn {
		m.Log.RecoverAll(t, "memory")
	}
	if v.Restart {
		m.Log.Open(t, "memory", "memory.restart is exceeded", v.Why+"\n\n"+m.evidence())
		if m.MayRestart == nil || m.MayRestart(t, v.Why) {
			return ErrMemory
		}
	}
	return nil
}
