package gate

import (
	"context"
	"log/slog"
	"math"
	"net/netip"
	"sync"
	"time"

	"orac/web/audit"
	"orac/web/auth"
)

// Limits of denials in the audit log. The log keeps 256 MiB: a flood of denials must not push the records of changes out of it.
const (
	// DenialBurst is how many records are written at once, for all callers together.
	DenialBurst = 160
	// DenialRate is how many records a minute follow after that: less than 3 MB a day.
	DenialRate = 5
	// PerAsker is how many kinds of refusals are recorded at once per caller and network: more than there are routes that change
	// something.
	PerAsker = 60

	maxDenials  = 1000
	firstWindow = time.Minute
	lastWindow  = time.Hour
)

// Denials writes refused logins, tokens, keys and sessions into the audit log in such a way that a flood of them does not become
// a flood of records. The first of several similar ones (what, of whom, why, from where, by whom) becomes a record; while they
// continue, further records say how many more there were: after one minute, two, four, and finally once an hour. Denials beyond
// the limit of one person are counted in the same way for that person, and those beyond the limit of all for all, so nobody can
// hide another person's first refusal among many of their own.
type Denials struct {
	log *audit.Log
	say *slog.Logger

	ended sync.Once
	mu    sync.Mutex // guards everything that follows
	runs  map[denial]*denialRun
	room  float64   // records that may be written now
	since time.Time // when room was updated
}

// denial is what similar denials have in common.
type denial struct{ action, target, why, from, network, who string }

// denialRun is how many denials came since the last record.
type denialRun struct {
	record audit.Record
	more   int
	window time.Duration
	timer  *time.Timer
}

// NewDenials makes the denials of an audit log. They end with ctx.
func NewDenials(ctx context.Context, log *audit.Log, say *slog.Logger) *Denials {
	r := &Denials{log: log, say: say, runs: map[denial]*denialRun{}, room: DenialBurst, since: time.Now()}
	context.AfterFunc(ctx, r.End)
	return r
}

// Add records a refusal or counts it.
func (r *Denials) Add(a audit.Record) {
	network := networkOfRecord(a) // one customer of IPv6 has billions of addresses
	key := denial{a.Action, a.Target, a.Why, a.From, network, a.Who}
	r.mu.Lock()
	now := time.Now()
	if passed := now.Sub(r.since); passed > 0 {
		r.room = math.Min(DenialBurst, r.room+passed.Minutes()*DenialRate)
	}
	r.since = now
	run := r.runs[key]
	if run == nil && r.kinds(network, a.Who) >= PerAsker {
		key = denial{action: "refused", network: network, who: a.Who}
		a = audit.Record{Who: a.Who, Role: a.Role, From: a.From, Request: a.Request, Action: "refused", Outcome: audit.Denied, Why: "too many denials of one to record each"}
		run = r.runs[key]
	}
	if run == nil && (r.room < 1 || len(r.runs) >= maxDenials) {
		key = denial{action: "refused"}
		a = audit.Record{Who: a.Who, Action: "refused", Outcome: audit.Denied, Why: "too many denials to record each"}
		run = r.runs[key]
	} else if run == nil {
		r.room--
	}
	if run != nil {
		run.more++
		r.mu.Unlock()
		return
	}
	run = &denialRun{record: a, window: firstWindow}
	run.timer = time.AfterFunc(firstWindow, func() { r.over(key) })
	r.runs[key] = run
	r.mu.Unlock()
	r.write(a)
}

// kinds returns how many kinds of one person's refusals are being counted. The caller holds the
// lock.
func (r *Denials) kinds(network, who string) (n int) {
	for key := range r.runs {
		if key.network == network && key.who == who {
			n++
		}
	}
	return n
}

func networkOfRecord(a audit.Record) string {
	if from, err := netip.ParseAddr(a.From); err == nil {
		return auth.Network(from)
	}
	return a.From
}

// over ends a window: its count is written, or forgotten if it is zero.
func (r *Denials) over(key denial) {
	r.mu.Lock()
	run := r.runs[key]
	if run == nil || run.more == 0 {
		delete(r.runs, key)
		r.mu.Unlock()
		return
	}
	a := run.counted()
	run.window = min(2*run.window, lastWindow)
	run.timer.Reset(run.window)
	r.mu.Unlock()
	r.write(a)
}

func (run *denialRun) counted() audit.Record {
	a := run.record
	a.Request = "" // one record stands for many requests
	a.After = map[string]any{"more": run.more, "within": run.window.String()}
	run.more = 0
	return a
}

// End writes the outstanding counts. It returns when that is done, even if another call does it.
func (r *Denials) End() { r.ended.Do(r.writeAll) }

func (r *Denials) writeAll() {
	r.mu.Lock()
	var left []audit.Record
	for key, run := range r.runs {
		run.timer.Stop()
		if run.more > 0 {
			left = append(left, run.counted())
		}
		delete(r.runs, key)
	}
	r.mu.Unlock()
	for _, a := range left {
		r.write(a)
	}
}

func (r *Denials) write(a audit.Record) {
	if err := r.log.Append(a); err != nil {
		r.say.Error("cannot record a refusal in the audit log", "request", a.Request, "action", a.Action, "cause", err)
	}
}
