package sttrole

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"orac/appliance/amount"
	"orac/appliance/rt"
	"orac/appliance/stt/wire"
)

const (
	mostInstances = 200 // in all
	mostOfAPeer   = 50
	mostTopics    = 200 // that are counted
)

// Roll is which instances listen for what, and how often each topic was used. Its zero value is empty.
type Roll struct {
	instances map[name]*member // by peer and instance ID
	topics    map[string]*used
}

type member struct {
	Instance
	at rt.Instant
}

type used struct {
	count int
	last  time.Time
}

// Check refuses a heartbeat that is over a limit, or names no instance.
func (b Beat) Check() error {
	switch {
	case b.InstanceID == "":
		return &amount.TooMuchError{What: "instance_id"}
	case len(b.InstanceID) > MaxID:
		return &amount.TooMuchError{What: "bytes of instance_id", Is: len(b.InstanceID), Most: MaxID}
	case len(b.Source) > MaxName:
		return &amount.TooMuchError{What: "bytes of source", Is: len(b.Source), Most: MaxName}
	case len(b.Models) > MaxModels:
		return &amount.TooMuchError{What: "models", Is: len(b.Models), Most: MaxModels}
	}
	for _, m := range b.Models {
		for _, f := range []struct{ what, is string }{{"name", m.Name}, {"topic", m.Topic}, {"type", m.Type}, {"status", m.Status}, {"wake_word", m.WakeWord}} {
			if len(f.is) > MaxName {
				return &amount.TooMuchError{What: "bytes of a model's " + f.what, Is: len(f.is), Most: MaxName}
			}
		}
	}
	return nil
}

// Beat takes a heartbeat, and tells whether its instance is new.
func (r *Roll) Beat(now rt.Instant, wall time.Time, b Beat) (a BeatAnswer, fresh bool, err error) {
	if err := b.Check(); err != nil {
		return a, false, err
	}
	key := name{b.Peer.Name, b.InstanceID}
	m := r.instances[key]
	if m == nil {
		own := 0
		for k := range r.instances {
			if k.peer == key.peer {
				own++
			}
		}
		switch {
		case len(r.instances) >= mostInstances:
			return a, false, &amount.TooMuchError{What: "instances", Is: len(r.instances) + 1, Most: mostInstances}
		case own >= mostOfAPeer:
			return a, false, &amount.TooMuchError{What: "instances of " + key.peer, Is: own + 1, Most: mostOfAPeer}
		}
		if r.instances == nil {
			r.instances = map[name]*member{}
		}
		m, fresh = &member{}, true
		r.instances[key] = m
	}
	m.at = now
	m.Instance = Instance{InstanceID: wire.CleanText(b.InstanceID), Source: wire.CleanText(b.Source), Peer: b.Peer, Last: wall}
	topics := map[string]bool{}
	for _, x := range b.Models {
		x.Name, x.Type, x.Status, x.WakeWord = wire.CleanText(x.Name), wire.CleanText(x.Type), wire.CleanText(x.Status), wire.CleanText(x.WakeWord)
		x.Topic, _ = TopicOf(x.Topic)
		x.TriggerCount = max(0, x.TriggerCount)
		m.Models = append(m.Models, x)
		if x.Active() {
			a.Active++
			topics[x.Topic] = true
		}
	}
	a.Topics = len(topics)
	return a, fresh, nil
}

// Expire forgets instances that have sent nothing for that long, and returns them.
func (r *Roll) Expire(now rt.Instant, forget time.Duration) (gone []Instance) {
	for k, m := range r.instances {
		if now.Sub(m.at) >= forget {
			delete(r.instances, k)
			gone = append(gone, m.Instance)
		}
	}
	slices.SortFunc(gone, byInstance)
	return gone
}

// Next is when the next instance is to be forgotten; rt.Never if there is none.
func (r *Roll) Next(forget time.Duration) rt.Instant {
	next := rt.Never
	for _, m := range r.instances {
		next = min(next, m.at.Add(forget))
	}
	return next
}

// Use counts an utterance of a topic.
func (r *Roll) Use(topic string, wall time.Time) {
	u := r.topics[topic]
	if u == nil {
		if len(r.topics) >= mostTopics {
			return
		}
		if r.topics == nil {
			r.topics = map[string]*used{}
		}
		u = &used{}
		r.topics[topic] = u
	}
	u.count++
	u.last = wall
}

// WakeWords are the wake words that instances name for a topic, the longest first. There are at most MaxModels: every text is compared
// with each of them.
func (r *Roll) WakeWords(topic string) []string {
	seen := map[string]struct{}{}
	for _, m := range r.instances {
		for _, x := range m.Models {
			if x.Active() && x.WakeWord != "" && x.Topic == topic {
				seen[x.WakeWord] = struct{}{}
			}
		}
	}
	words := slices.SortedFunc(maps.Keys(seen), func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return words[:min(len(words), MaxModels)]
}

// Len is how many instances are alive.
func (r *Roll) Len() int { return len(r.instances) }

// Instances are the living instances, by name.
func (r *Roll) Instances(now rt.Instant) (list []Instance) {
	for _, m := range r.instances {
		i := m.Instance
		i.Age = now.Sub(m.at)
		i.Models = slices.Clone(i.Models)
		list = append(list, i)
	}
	slices.SortFunc(list, byInstance)
	return list
}

func byInstance(a, b Instance) int {
	return cmp.Or(strings.Compare(a.InstanceID, b.InstanceID), strings.Compare(a.Peer.Name, b.Peer.Name))
}

// Topics are those that living instances listen for, and those that were used, by name.
func (r *Roll) Topics() []Topic {
	by, words := map[string]*Topic{}, map[string]map[string]struct{}{}
	of := func(name string) *Topic {
		if by[name] == nil {
			by[name], words[name] = &Topic{Name: name}, map[string]struct{}{}
		}
		return by[name]
	}
	for topic, u := range r.topics {
		t := of(topic)
		t.Count, t.Last = u.count, u.last
	}
	for _, m := range r.instances {
		for _, x := range m.Models {
			if !x.Active() {
				continue
			}
			t := of(x.Topic)
			t.Active = true
			t.Triggers += x.TriggerCount
			if x.LastTriggered.After(t.Triggered) {
				t.Triggered = x.LastTriggered
			}
			if x.WakeWord != "" {
				words[x.Topic][x.WakeWord] = struct{}{}
			}
		}
	}
	var list []Topic
	for _, topic := range slices.Sorted(maps.Keys(by)) {
		all := slices.Sorted(maps.Keys(words[topic]))
		by[topic].WakeWords = all[:min(len(all), MaxModels)]
		list = append(list, *by[topic])
	}
	return list
}
