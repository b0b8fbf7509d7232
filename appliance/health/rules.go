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

// Rules are the components that are no nodes of the graph. A kind that has no rule carries no sound, and shows at once.
var Rules = []Rule{
	{Kind: "loop", Sound: true, ShowDegraded: time.Second, Clear: 2 * time.Second}, // lag of the event loop
	{Kind: "stt", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second},
	{Kind: "issuer", ShowDegraded: time.Second, ShowUnhealthy: time.Second, Clear: time.Second}, // of tokens for members
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
