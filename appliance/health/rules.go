package health

import "time"

// Rule says how components of a kind are judged.
type Rule struct {
	Kind string
	// Sound: without it nothing is heard, so when it is unhealthy the appliance is, too. For all other kinds the appliance
	// is at worst degraded.
	Sound bool
	// Show is how long a condition lasts before it shows, per level. It is 0 if the reporter of a fact has already
	// waited, as the watchdogs do.
	ShowDegraded, ShowUnhealthy time.Duration
	// Clear is how long a component has been better before it shows as better.
	Clear time.Duration
}

// Rules are the kinds of components. A kind that is not listed carries no sound, and shows at once.
//
// The times: the watchdog decides at what age of a hop a source is degraded or dead, so a source shows what its watchdog
// says. What comes after a source starves with it, and waits a little longer so that the cause shows first. A single failure
// of a service on the network is normal.
var Rules = []Rule{
	{Kind: "source", Sound: true, Clear: time.Second},
	{Kind: "ring", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "features", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "voice", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "head", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "trigger", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "recorder", Sound: true, ShowDegraded: time.Second, ShowUnhealthy: 250 * time.Millisecond, Clear: time.Second},
	{Kind: "loop", Sound: true, ShowDegraded: time.Second, Clear: 2 * time.Second}, // lag of the event loop
	{Kind: "spool", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "delivery", ShowDegraded: 2 * time.Second, ShowUnhealthy: 2 * time.Second, Clear: time.Second},
	{Kind: "stt", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "probe", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "heartbeat", ShowDegraded: 2 * time.Second, ShowUnhealthy: 2 * time.Second, Clear: time.Second},
	{Kind: "webhook", ShowDegraded: 2 * time.Second, ShowUnhealthy: 2 * time.Second, Clear: time.Second},
	{Kind: "history", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "web", ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "disk", Clear: 5 * time.Second},
	{Kind: "log", Clear: time.Second},
	{Kind: "memory", Clear: 5 * time.Second},
}

// show is how long a condition of that level must last.
func (r Rule) show(l Level) time.Duration {
	if l == Unhealthy {
		return r.ShowUnhealthy
	}
	return r.ShowDegraded
}
