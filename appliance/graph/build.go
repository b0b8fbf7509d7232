package appliance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"orac/appliance/audio"
	"orac/appliance/event"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/outbox"
	"orac/appliance/rt"
	"orac/appliance/spool"
	"orac/appliance/stt"
	"orac/appliance/stt/spoken"
	"orac/appliance/utterance"
	"orac/models"
	"orac/models/wake"
	"orac/runbook"
)

// builder makes the code of a node from its block of the runbook. The node's address tells what it reads and writes.
type builder func(a *assembly, n *Node) (node.Node, error)

func buildSource(device runbook.Address) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		input, err := a.Source(a.graph.Runbook, device)
		if err != nil {
			return nil, err
		}
		w := a.graph.Runbook.Watchdog
		return &node.Source{
			Name: n.Address, Device: device.Name(), Input: input,
			Out: outs[*audio.Hop](a, n.Address, "hops"), Events: a.events(n.Address), Meters: a.Meters,
			Config: rt.NewCell(node.SourceConfig{
				Stall: w.ReadStall, Stuck: w.RMSStuck,
				Retry: node.Retry{Delay: w.RetryDelay, Tries: w.Retries, Slow: w.RetrySlow},
			}),
		}, nil
	}
}

func buildRing(a *assembly, n *Node) (node.Node, error) {
	r := &node.Ring{
		Name: n.Address, Events: a.events(n.Address), In: inbox[*audio.Hop](a, n.Address, "hops"),
		Out: outs[*audio.Hop](a, n.Address, "hops"), Hops: hops(ringTime),
	}
	if slices.ContainsFunc(a.graph.Edges, func(e Edge) bool { return e.To == n.Address && e.Carries == "follows" }) {
		r.Follows = inbox[node.Follow](a, n.Address, "follows")
	}
	return r, nil
}

func buildFeatures(a *assembly, n *Node) (node.Node, error) {
	return &node.Features{
		Name: n.Address, Events: a.events(n.Address), Open: a.Extractor, In: inbox[*audio.Hop](a, n.Address, "hops"), Out: outs[node.Feature](a, n.Address, "features"),
	}, nil
}

func buildVoice(a *assembly, n *Node) (node.Node, error) {
	if a.Ready != nil { // report a gate that cannot be opened before anything runs
		if err := a.Ready(); err != nil {
			return nil, err
		}
	}
	return &node.VoiceGate{
		Open: a.Gate, In: inbox[*audio.Hop](a, n.Address, "hops"), Out: outs[node.Vote](a, n.Address, "votes"),
	}, nil
}

func buildHead(m runbook.Model) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		rb := a.graph.Runbook
		return &node.Head{
			Name: n.Address, Device: n.device(), Model: m.Name, Meters: a.Meters,
			Open: func() (node.Classifier, error) { return a.Head(rb, m) },
			In:   inbox[node.Feature](a, n.Address, "features"), Out: outs[node.Vote](a, n.Address, "votes"),
		}, nil
	}
}

func buildTrigger(l runbook.Listener) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		c := node.TriggerConfig{
			Voice: l.VADThreshold > 0, Rules: wake.Rules{MultiTrigger: l.MultiTrigger, RMSFilter: l.RMSFilter},
		}
		for _, m := range enabledModels(a.graph.Runbook, l) {
			rules, err := a.Model(a.graph.Runbook, m)
			if unfetched, ok := errors.AsType[*models.UnfetchedError](err); ok {
				a.lack(m, unfetched)
				continue // its classes are known once it is fetched; until then this graph does not run
			}
			if err != nil {
				return nil, err
			}
			if err := choose(&rules, m); err != nil {
				return nil, err
			}
			rules.Name, rules.Threshold, rules.Patience, rules.Cooldown = m.Name, float32(m.Threshold), m.Patience, m.Cooldown
			rules.VADThreshold = float32(l.VADThreshold)
			c.Rules.Models = append(c.Rules.Models, rules)
			c.Words = append(c.Words, node.Word{WakeWord: m.WakeWord, Topic: m.Topic})
		}
		return &node.Trigger{
			Name: n.Address, Device: l.Device.Name(), Listener: l.Name, Config: rt.NewCell(c),
			In: inbox[node.Vote](a, n.Address, "votes"), Out: outs[node.Wake](a, n.Address, "wakes"), Events: a.events(n.Address),
		}, nil
	}
}

// choose lets only those classes fire that the runbook names, if it names any.
func choose(rules *wake.Model, m runbook.Model) error {
	if len(m.Classes) == 0 {
		return nil
	}
	for _, class := range m.Classes {
		if !slices.Contains(rules.Labels, class) {
			return fmt.Errorf("%s: classes: the model has no class %q; it has %q", m.Address, class, rules.Labels)
		}
	}
	rules.Ignored = nil
	for i, label := range rules.Labels {
		if !slices.Contains(m.Classes, label) {
			rules.Ignored = append(rules.Ignored, i)
		}
	}
	return nil
}

func buildRecorder(l runbook.Listener) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		r := l.Record
		return &node.Recorder{
			Name: n.Address, Listener: l.Name, Device: l.Device.Name(),
			Config: rt.NewCell(node.RecorderConfig{
				Patient: patient(a.graph.Runbook, l.Device), Deliver: names(l.Deliver), PreRoll: r.PreRoll, Stall: a.graph.Runbook.Watchdog.ReadStall,
				End: utterance.EndpointConfig{
					Lead: r.Lead, Silence: r.Silence, Grace: r.Grace, Max: r.Max, Level: float32(r.SilenceThreshold),
				},
			}),
			In:   inbox[node.Wake](a, n.Address, "wakes"),
			Ring: inbox[node.Follow](a, at(Ring, l.Device.Name()), "follows"), Out: outs[node.Piece](a, n.Address, "pieces"),
			Events: a.events(n.Address),
		}, nil
	}
}

func buildSpool(a *assembly, n *Node) (node.Node, error) {
	d := a.graph.Runbook.Disk
	config := node.SpoolConfig{Limits: spool.Limits{Disk: int64(d.Spool), KeepFree: int64(d.KeepFree), Memory: int64(d.MemorySpool)}}
	if st := a.graph.Runbook.Store; st.KeepAudio {
		config.Limits.Audio, config.Limits.Retention = int64(st.AudioSize), st.Retention
	}
	for _, other := range a.graph.Nodes {
		if other.Kind == Delivery {
			config.Services = append(config.Services, other.Block.Name())
		}
	}
	return &node.Spool{
		Name: n.Address, FS: a.FS, Age: a.Age,
		Config: rt.NewCell(config),
		In:     inbox[node.Piece](a, n.Address, "pieces"), Requests: inbox[node.Request](a, n.Address, "requests"),
		Events: a.events(n.Address),
	}, nil
}

func buildDelivery(s runbook.STT) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		client, err := a.STT(a.graph.Runbook, s)
		if err != nil {
			return nil, err
		}
		way, _ := s.Way()
		c := node.DeliveryConfig{Client: client, Whole: string(runbook.ByHTTP), Longest: stt.MaxSpeech, MaxDelay: s.MaxRetryDelay, Way: strings.TrimPrefix(wayInWords(s), ", "), Keeps: spoken.All &^ spoken.Named(s.Strip)}
		if way == runbook.ByCommand {
			c.Whole = string(way)
		}
		_, streams := client.(stt.Streamer)
		c.Live = way == runbook.ByStream && streams
		return &node.Delivery{
			Name: n.Address, STT: s.Name, Config: rt.NewCell(c),
			Gate:  a.Gate,
			Spool: inbox[node.Request](a, string(Spool), "requests"), Healthy: inbox[node.Seen](a, n.Address, "healthy"),
			Sights: outs[node.Sight](a, n.Address, "sights"), Events: a.events(n.Address),
		}, nil
	}
}

func buildProbe(s runbook.STT) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		client, err := a.STT(a.graph.Runbook, s)
		if err != nil {
			return nil, err
		}
		prober, ok := client.(stt.Prober)
		if !ok {
			panic("BUG: the client of " + s.Address + " cannot be probed")
		}
		return &node.Probe{
			Name: n.Address, STT: s.Name, Config: rt.NewCell(node.ProbeConfig{Client: prober, Every: s.HealthEvery}),
			Sights: inbox[node.Sight](a, n.Address, "sights"), Healthy: outs[node.Seen](a, n.Address, "healthy"), Events: a.events(n.Address),
		}, nil
	}
}

func buildHeartbeat(h runbook.Heartbeat) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		rb := a.graph.Runbook
		client, err := a.Heart(rb, h)
		if err != nil {
			return nil, err
		}
		c := node.HeartbeatConfig{Client: client, Every: h.Every}
		for _, m := range rb.Models {
			told := func(l runbook.Listener) bool {
				return (len(h.Listeners) == 0 || slices.Contains(h.Listeners, l.Address)) && slices.Contains(l.Models, m.Address)
			}
			if m.Enabled && slices.ContainsFunc(rb.Listeners, told) {
				c.Models = append(c.Models, notify.BeatModel{Name: m.Name, Topic: m.Topic, WakeWord: m.WakeWord, Threshold: m.Threshold})
			}
		}
		return &node.Heartbeat{
			Name: n.Address, Endpoint: rb.HeartbeatURL(h), InstanceID: a.InstanceID, Config: rt.NewCell(c),
			In: inbox[node.Wake](a, n.Address, "wakes"), Healthy: inbox[node.Seen](a, n.Address, "healthy"),
			Sights: outs[node.Sight](a, n.Address, "sights"), Events: a.events(n.Address),
		}, nil
	}
}

func buildWebhook(w runbook.Webhook) builder {
	return func(a *assembly, n *Node) (node.Node, error) {
		client, err := a.Hook(w)
		if err != nil {
			return nil, err
		}
		rb := a.graph.Runbook
		c := node.WebhookConfig{
			Client: client, Make: notify.FormOf(w).Make, Kinds: w.Events, Listeners: names(w.Listeners), MaxDelay: w.MaxRetryDelay,
			Limits: outbox.Limits{Bytes: int64(w.Queue), KeepFree: int64(rb.Disk.KeepFree), Keep: w.Keep},
		}
		for _, m := range rb.Models {
			if m.Webhook == w.Address {
				c.Models = append(c.Models, m.Name)
			}
		}
		for _, l := range w.Listeners {
			if listener, ok := rb.Listener(l); ok {
				c.Devices = append(c.Devices, listener.Device.Name())
			}
		}
		return &node.Webhook{
			Name: n.Address, Hook: w.Name, Appliance: rb.Appliance.Name, InstanceID: a.InstanceID, FS: a.FS, Turn: a.Turn, Age: a.Age, Config: rt.NewCell(c),
			In: inbox[node.Wake](a, n.Address, "wakes"), News: inbox[event.Event](a, n.Address, "events"),
			Requests: inbox[node.ManageHook](a, n.Address, "requests"), Events: a.events(n.Address),
		}, nil
	}
}

func buildHistory(a *assembly, n *Node) (node.Node, error) {
	s := a.graph.Runbook.Store
	return &node.History{
		Name: n.Address, Book: a.History, Age: a.Age,
		Config: rt.NewCell(node.HistoryConfig{Retention: s.Retention, MaxRows: s.MaxRows}),
		In:     inbox[event.Event](a, n.Address, "events"), Events: a.Events,
	}, nil
}

func names(addresses []runbook.Address) []string {
	var list []string
	for _, a := range addresses {
		list = append(list, a.Name())
	}
	return list
}
