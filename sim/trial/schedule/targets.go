package schedule

import (
	"fmt"
	"slices"

	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/scenario"
)

// Devices returns the devices that are listened to, in the order of the runbook; microphones first, since only they can break.
func Devices(rb *runbook.Runbook) (names []string) {
	heard := func(a runbook.Address) bool {
		return slices.ContainsFunc(rb.Listeners, func(l runbook.Listener) bool { return l.Device == a })
	}
	for _, m := range rb.Microphones {
		if heard(m.Address) {
			names = append(names, m.Name)
		}
	}
	for _, w := range rb.WAVs {
		if heard(w.Address) {
			names = append(names, w.Name)
		}
	}
	return names
}

// services returns the speech-to-text blocks whose engine runs in the appliance, or those that are served elsewhere.
func services(rb *runbook.Runbook, embedded bool) (names []string) {
	for _, s := range rb.STTs {
		if s.Embedded() == embedded {
			names = append(names, s.Name)
		}
	}
	return names
}

// called returns the names of blocks, in the order of the runbook.
func called[T any](blocks []T, name func(T) string) (names []string) {
	for _, b := range blocks {
		names = append(names, name(b))
	}
	return names
}

func heartbeats(rb *runbook.Runbook) []string {
	return called(rb.Heartbeats, func(h runbook.Heartbeat) string { return h.Name })
}

func webhooks(rb *runbook.Runbook) []string {
	return called(rb.Webhooks, func(w runbook.Webhook) string { return w.Name })
}

func traces(rb *runbook.Runbook) []string {
	if rb.Traces.On() {
		return []string{"traces"}
	}
	return nil
}

func brokers(rb *runbook.Runbook) []string {
	return called(rb.MQTTs, func(m runbook.MQTT) string { return m.Name })
}

func cores(rb *runbook.Runbook) []string {
	return called(rb.Cores, func(c runbook.Core) string { return c.Name })
}

func backends(rb *runbook.Runbook) []string {
	return called(rb.Backends, func(b runbook.Backend) string { return b.Name })
}

func models(rb *runbook.Runbook) []string {
	return called(rb.LanguageModels, func(l runbook.LanguageModel) string { return l.Name })
}

func logins(rb *runbook.Runbook) []string {
	return called(rb.Logins, func(l runbook.Login) string { return l.Name })
}

func speakers(rb *runbook.Runbook) []string {
	return called(rb.Speakers, func(s runbook.Speaker) string { return s.Name })
}

func voices(rb *runbook.Runbook) []string {
	return called(rb.TTSs, func(s runbook.TTS) string { return s.Name })
}

func satellites(rb *runbook.Runbook) []string {
	return called(rb.Satellites(), func(s runbook.Satellite) string { return s.Address.Name() })
}

// wyomings returns the Wyoming services that understand speech.
func wyomings(rb *runbook.Runbook) (names []string) {
	for _, w := range rb.Wyomings {
		if w.Serve == runbook.ServeSTT {
			names = append(names, w.Name)
		}
	}
	return names
}

// addresses returns the addresses of the nodes.
func addresses(rb *runbook.Runbook) (names []string) {
	g, err := graph.Compile(rb)
	if err != nil {
		return nil
	}
	for _, n := range g.Nodes {
		names = append(names, n.Address)
	}
	return names
}

// Targets returns what a kind of fault can be aimed at in a runbook.
func Targets(k scenario.Kind, rb *runbook.Runbook) []string {
	switch k.Info().Target {
	case scenario.Device:
		return Devices(rb)
	case scenario.STTTarget:
		return services(rb, false)
	case scenario.EngineTarget:
		return services(rb, true)
	case scenario.HeartbeatTarget:
		return heartbeats(rb)
	case scenario.WebhookTarget:
		return webhooks(rb)
	case scenario.CoreTarget:
		return cores(rb)
	case scenario.BackendTarget:
		return backends(rb)
	case scenario.ModelTarget:
		return models(rb)
	case scenario.LoginTarget:
		return logins(rb)
	case scenario.TracesTarget:
		return traces(rb)
	case scenario.BrokerTarget:
		return brokers(rb)
	case scenario.WyomingTarget:
		return wyomings(rb)
	case scenario.SpeakerTarget:
		return speakers(rb)
	case scenario.TTSTarget:
		return voices(rb)
	case scenario.ESPHomeTarget:
		return satellites(rb)
	case scenario.NodeTarget:
		return addresses(rb)
	case "":
		return nil
	}
	panic(fmt.Sprintf("BUG: nobody knows how to aim %s at a %s", k, k.Info().Target))
}

// Aim replaces an empty target with the first of its kind.
func Aim(o *Occurrence, rb *runbook.Runbook) {
	if names := Targets(o.Kind, rb); o.Target == "" && len(names) > 0 {
		o.Target = names[0]
	}
}
