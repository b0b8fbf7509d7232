package core

import (
	"cmp"

	"orac/appliance/act"
	"orac/appliance/node"
	"orac/appliance/status"
)

// acted is the state of everything that acts, for people.
func acted(c *Core) (topics []status.Topic, backends []status.Backend, models []status.Model) {
	st := c.Acting()
	last, timers := map[string]*status.Deed{}, map[string]int{}
	for _, n := range c.Topics() {
		shown := n.Shown()
		last[n.Topic], timers[n.Topic] = deedOf(shown), shown.Timers
	}
	for _, t := range st.Topics {
		if t.Declared { // heartbeats may name others
			topics = append(topics, status.Topic{
				Name: t.Name, Enabled: t.Enabled, Sentences: t.Intents, Problems: len(t.Problems), Waiting: t.Waiting, Asked: t.Count, Timers: timers[t.Name], Learnt: t.Learnt, Error: t.Error, Last: last[t.Name],
			})
		}
	}
	for _, b := range st.Backends {
		backends = append(backends, status.Backend{
			Name: b.Name, Protocol: b.Protocol, Connected: b.Connected, Version: b.Version, Error: b.Error, Entities: b.Enabled, Done: b.Calls.Verified, Failed: b.Calls.Failed, Unknown: b.Calls.Unknown,
		})
	}
	for _, m := range st.Models {
		models = append(models, status.Model{Name: m.Name, Waiting: m.Waiting, Asked: m.Asked, Rejected: m.Rejected, Error: m.Error})
	}
	return topics, backends, models
}

// deedOf is the last text of a topic; nil if there was none.
func deedOf(s node.TopicShown) *status.Deed {
	if len(s.Last) == 0 {
		return nil
	}
	a := s.Last[0]
	d := &status.Deed{At: a.Came, Text: a.Text, Result: string(a.Result())}
	if a.Result() != act.Done {
		d.Reason = cmp.Or(a.Reason, a.Reading.Why)
	}
	return d
}
