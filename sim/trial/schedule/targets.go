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

func heartbeats(rb *runbook.Runbook) (names []string) {
	for _, h := range rb.Heartbeats {
		names = append(names, h.Name)
	}
	return names
}

func webhooks(rb *runbook.Runbook) (names []string) {
	for _, w := range rb.Webhooks {
		names = append(names, w.Name)
	}
	return names
}

func traces(rb *runbook.Runbook) []string {
	if rb.Traces.On() {
		return []string{"traces"}
	}
	return nil
}

func brokers(rb *runbook.Runbook) (names []string) {
	for _, m := range rb.MQTTs {
		names = append(names, m.Name)
	}
	return names
}

func cores(rb *runbook.Runbook) (names []string) {
	for _, c := range rb.Cores {
		names = append(names, c.Name)
	}
	return names
}

func backends(rb *runbook.Runbook) (names []string) {
	for _, b := range rb.Backends {
		names = append(names, b.Name)
	}
	return names
}

func models(rb *runbook.Runbook) (names []string) {
	for _, l := range rb.LanguageModels {
		names = append(names, l.Name)
	}
	return names
}

func logins(rb *runbook.Runbook) (names []string) {
	for _, l := range rb.Logins {
		names = append(names, l.Name)
	}
	return names
}

func speakers(rb *runbook.Runbook) (names []string) {
	for _, s := range rb.Speakers {
		names = append(names, s.Name)
	}
	return names
}

func voices(rb *runbook.Runbook) (names []string) {
	for _, s := range rb.TTSs {
		names = append(names, s.Name)
	}
	return names
}

func satellites(rb *runbook.Runbook) (names []string) {
	for _, s := range rb.Satellites() {
		names = append(names, s.Address.Name())
	}
	return names
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
