package play

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"orac/appliance/status"
	"orac/runbook/scenario"
	"orac/sim/trial/judge"
	"orac/sim/trial/report"
	"orac/sim/trial/schedule"
)

var _ judge.View = (*run)(nil)

const (
	pollEvery    = 50 * time.Millisecond
	pollMost     = time.Second // for one answer: an appliance that is not running does not answer
	measureEvery = time.Second
	hearEvery    = 500 * time.Millisecond
)

// poll asks the appliance for its status again and again.
func (r *run) poll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.pollOnce(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (r *run) pollOnce(ctx context.Context) {
	if _, err := r.w.Running(); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pollMost)
	defer cancel()
	s, err := r.w.Status(ctx)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = s
	for _, n := range s.Nodes {
		if device, ok := strings.CutPrefix(n.Address, "features."); ok {
			c := r.sound[device]
			c.see(n.Taken)
			r.sound[device] = c
		}
	}
	if h := string(s.Health.Level); len(r.out.Health) == 0 || r.out.Health[len(r.out.Health)-1].Value != h {
		if len(r.out.Health) < mostSteps {
			r.out.Health = append(r.out.Health, report.Step{At: r.clock().Seconds(), Value: h})
		}
	}
	if s.Incident != nil {
		r.incident(*s.Incident)
	}
}

// incident notes an incident that the appliance has recorded. Its times come from the appliance's clock, which a fault may have
// moved since; new incidents are dated with the clock as it is now. The caller holds mu.
func (r *run) incident(i status.Incident) {
	own := func(t time.Time) float64 {
		return min(r.clock().Seconds(), max(0, t.Add(-r.w.stepped()).Sub(r.began).Seconds()))
	}
	known, ok := r.incidents[i.ID]
	switch {
	case ok && known.End == 0 && !i.Recovered.IsZero():
		known.End = max(own(i.Recovered), known.Begin)
	case !ok && r.giveUp == nil: // from before the run
		r.incidents[i.ID] = &report.Incident{Begin: -1}
	case !ok:
		known = &report.Incident{Component: i.Component, Cause: i.Cause, Begin: own(i.Detected)}
		if !i.Recovered.IsZero() {
			known.End = max(own(i.Recovered), known.Begin)
		}
		r.incidents[i.ID] = known
		r.incidentIn = append(r.incidentIn, i.ID)
		r.judge.Noticed(r.clock(), i.Component)
	}
}

// measure reads values that take longer to read or change slowly.
func (r *run) measure(ctx context.Context) {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	heard := time.Duration(0)
	for {
		r.measureOnce()
		r.pollIncidents(ctx)
		if now := r.clock(); now-heard >= hearEvery {
			heard = now
			r.hear()
			r.looksAtHomes()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *run) measureOnce() {
	a, err := r.w.Running()
	if err != nil {
		return
	}
	u, err := a.Usage()
	if err != nil {
		return
	}
	memory, threads := u.Resident, u.Threads
	holders := map[string]int{}
	workers, err := a.Workers()
	if err != nil {
		return
	}
	for _, p := range workers {
		memory += residentOf(p.PID)
		if line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "cmdline")); err == nil && p.Alive() {
			holders[string(line)]++
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory, r.tasks = memory, threads
	for _, n := range holders {
		if r.holders = max(r.holders, n); n > 1 {
			r.judge.Break(r.clock(), "holders", "two capture processes hold one device")
		}
	}
	every := max(r.sc.Head.For.Seconds()/400, 1)
	if n := len(r.out.Memory); n == 0 || r.clock().Seconds()-r.out.Memory[n-1].At >= every {
		r.out.Memory = append(r.out.Memory, report.Sample{At: r.clock().Seconds(), Value: float64(memory)})
	}
}

func (r *run) pollIncidents(ctx context.Context) {
	if _, err := r.w.Running(); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pollMost)
	defer cancel()
	code, body, err := r.w.Ask(ctx, http.MethodGet, "incidents?limit=1000", nil)
	if err != nil || code != http.StatusOK {
		return
	}
	var list []status.Incident
	if json.Unmarshal(body, &list) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range list {
		r.incident(i)
	}
}

// hear compares the servers' records with what the appliance reports.
func (r *run) hear() {
	for _, s := range r.w.book.rb.STTs {
		service := r.w.services[s.Address]
		if service == nil {
			continue
		}
		list, refused, err := service.server.Heard()
		if err != nil {
			continue // it ended with the run
		}
		r.mu.Lock()
		r.refused = max(r.refused, refused)
		r.account.heard(string(s.Address), list)
		fresh := r.account.unproven(s.Name, list)
		r.mu.Unlock()
		for _, n := range fresh {
			if pcm, err := service.server.Sound(n); err == nil {
				r.prove(s.Name, list[n], pcm)
			}
		}
	}
}

// The methods of judge.View are called with mu held.

// Up implements judge.View.
func (r *run) Up() bool { return r.up }

// Health implements judge.View.
func (r *run) Health() string {
	if !r.fresh() {
		return "unhealthy"
	}
	return string(r.now.Health.Level)
}

// fresh tells whether the last status seen is of the running process.
func (r *run) fresh() bool {
	return r.up && !r.now.Started.Before(r.image)
}

// Waiting implements judge.View.
func (r *run) Waiting() int {
	if !r.fresh() {
		return len(r.account.Waiting())
	}
	return r.now.Spool.Waiting
}

// Sound implements judge.View.
func (r *run) Sound(device string) uint64 {
	if device == "" {
		if names := schedule.Devices(r.w.book.rb); len(names) > 0 {
			device = names[0]
		}
	}
	return r.sound[device].before + r.sound[device].last
}

// Memory implements judge.View.
func (r *run) Memory() int64 { return r.memory }

// Tasks implements judge.View: the threads of the process.
func (r *run) Tasks() int { return r.tasks }

// State implements judge.View.
func (r *run) State() scenario.State {
	now, s := r.clock(), r.account.State()
	s.Time, s.Healed, s.Health, s.Waiting, s.Reexecs = now.Seconds(), now >= r.sc.Head.Heal, r.Health(), r.Waiting(), r.reexecs
	s.Generation, s.Memory, s.Tasks, s.Holders = r.now.Generation, r.memory, r.tasks, r.holders
	s.Applied, s.RolledBack = r.w.changes()
	for _, h := range r.now.Hooks {
		s.HooksWaiting += h.Waiting
		s.HooksAside += h.Aside
	}
	if x := r.now.Traces; x != nil {
		s.SpansSent, s.SpansDropped, s.SpansWaiting = x.Sent, x.Dropped, x.Waiting
	}
	for _, x := range r.now.MQTT {
		s.MQTTPublished, s.MQTTDropped, s.MQTTWaiting = s.MQTTPublished+x.Published, s.MQTTDropped+x.Dropped, s.MQTTWaiting+x.Waiting
		s.OrdersTaken, s.OrdersDenied = s.OrdersTaken+x.Orders, s.OrdersDenied+x.Denied
	}
	s.MQTTShown = r.w.brokersShow()
	s.Asked, s.Served, s.TokenRefusedFor = r.callers.asked, r.callers.served, r.refused.Seconds()
	s.Acted, s.ActedTwice = s.Acted+r.callers.Acted, s.ActedTwice+r.callers.ActedTwice
	s.Incidents = len(r.incidentIn)
	for _, id := range r.incidentIn {
		if r.incidents[id].End == 0 {
			s.Open++
		}
	}
	var st unix.Statfs_t
	if unix.Statfs(filepath.Dir(r.w.State), &st) == nil {
		s.DiskFree = int64(st.Bavail) * st.Bsize
	}
	for _, c := range r.now.Health.Components {
		s.Components[c.Name] = string(c.Level)
	}
	for _, n := range r.now.Nodes {
		if n.State == "leaked" {
			s.Leaked++
			continue
		}
		s.Nodes[n.Address] = scenario.Node{State: n.State, Taken: int64(n.Taken), Dropped: int64(n.Dropped), Restarts: n.Restarts}
	}
	return s
}

// report returns the report of the run.
func (r *run) report(end time.Duration) report.Run {
	out := r.out
	out.Virtual, out.Wall = end.Seconds(), end.Seconds()
	out.Breaks, out.Judged, out.Reached = r.judge.Breaks, r.judge.Judged, r.judge.Reached
	for _, id := range r.incidentIn {
		if len(out.Incidents) < mostSteps {
			out.Incidents = append(out.Incidents, *r.incidents[id])
		}
	}
	applied, rolledBack := r.w.changes()
	out.Counts = r.account.Counts()
	maps.Copy(out.Counts, map[string]int{"reexecs": r.reexecs, "applied": applied, "rolled_back": rolledBack})
	out.Command = "orac chaos " + r.sc.File + " --seed " + strconv.FormatUint(r.o.Seed, 10)
	return out
}

// spooled returns the IDs of the utterances that are on disk.
func (w *World) spooled() (ids []string) {
	files, err := filepath.Glob(filepath.Join(w.State, "spool", "*.json"))
	if err != nil {
		return nil
	}
	for _, f := range files {
		var meta struct{ ID string }
		if b, err := os.ReadFile(f); err == nil && json.Unmarshal(b, &meta) == nil {
			ids = append(ids, meta.ID)
		}
	}
	return ids
}

// residentOf returns the resident memory of a process in bytes; 0 if it has ended.
func residentOf(pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
