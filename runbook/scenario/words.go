package scenario

import (
	"github.com/zclconf/go-cty/cty"

	"orac/runbook/language"
)

// word is a name that expressions may use, and how to read its value from a State.
type word struct {
	name string
	typ  cty.Type
	doc  string
	from
}

// from reads a value from a State: get for HCL, look for comparing it with the value in a different State. keys are the
// keys of a map that are wanted, nil for all; key is one of them.
type from struct {
	get  func(s *State, keys []string) cty.Value
	look func(s *State, key string) any
}

var nodeType = cty.Object(map[string]cty.Type{"state": cty.String, "taken": cty.Number, "dropped": cty.Number, "restarts": cty.Number})

// words lists all words, in the order of State.
var words = []word{
	{"time", cty.Number, "Seconds since the start.", amount(func(s *State) float64 { return s.Time })},
	{"healed", cty.Bool, "Whether the heal point has passed, after which there are no faults.", truth(func(s *State) bool { return s.Healed })},
	{"faults", cty.Number, "Faults that are active now.", count(func(s *State) int { return s.Faults })},
	{"up", cty.Bool, "Whether the appliance runs. It does not between a power loss and the restart.", truth(func(s *State) bool { return s.Up })},
	{"health", cty.String, "Health of the appliance: healthy, degraded or unhealthy.", from{func(s *State, _ []string) cty.Value { return cty.StringVal(s.Health) }, func(s *State, _ string) any { return s.Health }}},
	{"components", cty.Map(cty.String), `Health of each component: components["stt.whisper"].`, components},
	{"nodes", cty.Map(nodeType), "Nodes of the graph by address (see `orac graph`). nodes[\"source.usb\"].state is running, waiting, stopping, finished or leaked; taken and dropped count messages.", nodes},
	{"spoken", cty.Number, "Commands that were spoken.", count(func(s *State) int { return s.Spoken })},
	{"recorded", cty.Number, "Recordings that have ended.", count(func(s *State) int { return s.Recorded })},
	{"delivered", cty.Number, "Utterances that every service that shall have them has answered.", count(func(s *State) int { return s.Delivered })},
	{"waiting", cty.Number, "Utterances in the spool.", count(func(s *State) int { return s.Waiting })},
	{"lost", cty.Number, "Recordings that are neither waiting nor answered.", count(func(s *State) int { return s.Lost })},
	{"refused", cty.Number, "Utterances that were set aside.", count(func(s *State) int { return s.Refused })},
	{"acted", cty.Number, "Utterances that ORAC Core acted on.", count(func(s *State) int { return s.Acted })},
	{"acted_twice", cty.Number, "Utterances that ORAC Core acted on more than once, because a service received them whole and its answer was lost.", count(func(s *State) int { return s.ActedTwice })},
	{"token_refused_for", cty.Number, "The longest time, in seconds, for which a server has refused every token of a login that it was shown.", amount(func(s *State) float64 { return s.TokenRefusedFor })},
	{"duplicated", cty.Number, "Utterances that were answered more than once.", count(func(s *State) int { return s.Duplicated })},
	{"asked", cty.Number, "Commands that other appliances have sent to a server of this one.", count(func(s *State) int { return s.Asked })},
	{"served", cty.Number, "Those of them that it has answered.", count(func(s *State) int { return s.Served })},
	{"told", cty.Number, "Events that webhooks have accepted.", count(func(s *State) int { return s.Told })},
	{"hooks_waiting", cty.Number, "Events that wait for webhooks.", count(func(s *State) int { return s.HooksWaiting })},
	{"hooks_aside", cty.Number, "Events that webhooks did not accept and that were set aside.", count(func(s *State) int { return s.HooksAside })},
	{"spans_sent", cty.Number, "Spans of traces that the collector has taken since the process started.", count(func(s *State) int { return s.SpansSent })},
	{"spans_dropped", cty.Number, "Spans that were dropped since the process started, because the collector did not take them in time.", count(func(s *State) int { return s.SpansDropped })},
	{"spans_waiting", cty.Number, "Spans that wait for the collector.", count(func(s *State) int { return s.SpansWaiting })},
	{"mqtt_published", cty.Number, "Messages that MQTT brokers have taken since the process started.", count(func(s *State) int { return s.MQTTPublished })},
	{"mqtt_dropped", cty.Number, "Messages that were lost since the process started, because a broker was away or too slow.", count(func(s *State) int { return s.MQTTDropped })},
	{"mqtt_waiting", cty.Number, "Messages that wait for MQTT brokers.", count(func(s *State) int { return s.MQTTWaiting })},
	{"mqtt_shown", cty.Number, "MQTT brokers that are connected, and keep what is true of the appliance: that it is there, and how it is.", count(func(s *State) int { return s.MQTTShown })},
	{"orders_taken", cty.Number, "Orders by way of MQTT brokers that were begun since the process started.", count(func(s *State) int { return s.OrdersTaken })},
	{"orders_denied", cty.Number, "Orders by way of MQTT brokers that were refused since the process started.", count(func(s *State) int { return s.OrdersDenied })},
	{"sounds_heard", cty.Number, "Sounds that a speaker has played to their end.", count(func(s *State) int { return s.SoundsHeard })},
	{"sounds_failed", cty.Number, "Sounds of which the appliance has said that they were not heard, or not to their end.", count(func(s *State) int { return s.SoundsFailed })},
	{"sounds_ended", cty.Number, "Sounds that a wake word, a person or another sound has ended.", count(func(s *State) int { return s.SoundsEnded })},
	{"chime_after", cty.Number, "The longest time, in seconds, from a wake to the beginning of its chime.", amount(func(s *State) float64 { return s.ChimeAfter })},
	{"barge_in_after", cty.Number, "The longest time, in seconds, from a wake to the end of the answer that it interrupts.", amount(func(s *State) float64 { return s.BargeInAfter })},
	{"home_serves", cty.Number, "Satellites that Home Assistant serves now.", count(func(s *State) int { return s.HomeServes })},
	{"home_asked", cty.Number, "Commands for which Home Assistant was asked by a satellite.", count(func(s *State) int { return s.HomeAsked })},
	{"home_answered", cty.Number, "Those of them that it was done with, without a failure.", count(func(s *State) int { return s.HomeAnswered })},
	{"home_handed", cty.Number, "Commands that Home Assistant did not take, and that were left to another service.", count(func(s *State) int { return s.HomeHanded })},
	{"home_lost", cty.Number, "Commands for Home Assistant that were said to be lost.", count(func(s *State) int { return s.HomeLost })},
	{"wakes", cty.Number, "Wakes.", count(func(s *State) int { return s.Wakes })},
	{"false_wakes", cty.Number, "Wakes without a sound that should wake.", count(func(s *State) int { return s.FalseWakes })},
	{"missed", cty.Number, "Sounds that should have woken the appliance and did not, while it could hear.", count(func(s *State) int { return s.Missed })},
	{"incidents", cty.Number, "Incidents since the start.", count(func(s *State) int { return s.Incidents })},
	{"open", cty.Number, "Incidents that are still open.", count(func(s *State) int { return s.Open })},
	{"restarts", cty.Number, "Restarts of nodes and devices.", count(func(s *State) int { return s.Restarts })},
	{"reexecs", cty.Number, "How often the process replaced itself.", count(func(s *State) int { return s.Reexecs })},
	{"boots", cty.Number, "Starts of the process.", count(func(s *State) int { return s.Boots })},
	{"leaked", cty.Number, "Instances that hang and were given up.", count(func(s *State) int { return s.Leaked })},
	{"applied", cty.Number, "Changes that were applied and kept.", count(func(s *State) int { return s.Applied })},
	{"rolled_back", cty.Number, "Changes that were rolled back.", count(func(s *State) int { return s.RolledBack })},
	{"pushes", cty.Number, "Pushes from the centre of the house that have ended.", count(func(s *State) int { return s.Pushes })},
	{"pushed", cty.Number, "Those of them that have changed this appliance.", count(func(s *State) int { return s.Pushed })},
	{"pushes_pending", cty.Number, "Those that have found this appliance away, and have said so.", count(func(s *State) int { return s.PushesPending })},
	{"pushes_stopped", cty.Number, "Those that have stopped before they had reached everybody.", count(func(s *State) int { return s.PushesStopped })},
	{"generation", cty.Number, "The generation that runs.", count(func(s *State) int { return s.Generation })},
	{"memory", cty.Number, "Resident memory in bytes.", count(func(s *State) int { return int(s.Memory) })},
	{"tasks", cty.Number, "Tasks (goroutines).", count(func(s *State) int { return s.Tasks })},
	{"holders", cty.Number, "The most holders that one device has had at the same time.", count(func(s *State) int { return s.Holders })},
	{"disk_free", cty.Number, "Bytes that are free on the disk of the state directory.", count(func(s *State) int { return int(s.DiskFree) })},
}

// calls lists the functions that conditions may call. None of them returns more than its arguments
// hold.
var calls = []string{"abs", "can", "ceil", "coalesce", "contains", "floor", "keys", "length", "lookup", "max", "min", "try", "values"}

var exprFunctions = language.CalledFunctions(calls)

// state is the vocabulary of conditions.
var state = func() *language.Words {
	v := &language.Words{What: "the state of the appliance", Functions: calls}
	for _, w := range words {
		v.List = append(v.List, language.Word{Name: w.name, Type: w.typ, Doc: w.doc})
	}
	return v
}()

func count(f func(*State) int) from {
	return from{
		func(s *State, _ []string) cty.Value { return cty.NumberIntVal(int64(f(s))) },
		func(s *State, _ string) any { return f(s) },
	}
}

func amount(f func(*State) float64) from {
	return from{
		func(s *State, _ []string) cty.Value { return cty.NumberFloatVal(f(s)) },
		func(s *State, _ string) any { return f(s) },
	}
}

func truth(f func(*State) bool) from {
	return from{
		func(s *State, _ []string) cty.Value { return cty.BoolVal(f(s)) },
		func(s *State, _ string) any { return f(s) },
	}
}

var components = from{
	func(s *State, keys []string) cty.Value {
		return mapOf(s.Components, keys, cty.String, cty.StringVal)
	},
	func(s *State, key string) any {
		level, ok := s.Components[key]
		if !ok {
			return nil
		}
		return level
	},
}

var nodes = from{
	func(s *State, keys []string) cty.Value {
		return mapOf(s.Nodes, keys, nodeType, func(n Node) cty.Value {
			return cty.ObjectVal(map[string]cty.Value{
				"state": cty.StringVal(n.State), "taken": cty.NumberIntVal(n.Taken),
				"dropped": cty.NumberIntVal(n.Dropped), "restarts": cty.NumberIntVal(int64(n.Restarts)),
			})
		})
	},
	func(s *State, key string) any {
		n, ok := s.Nodes[key]
		if !ok {
			return nil
		}
		return n
	},
}

// mapOf makes a map of the wanted keys that exist.
func mapOf[V any](all map[string]V, keys []string, typ cty.Type, value func(V) cty.Value) cty.Value {
	out := map[string]cty.Value{}
	if keys == nil {
		for k, v := range all {
			out[k] = value(v)
		}
	}
	for _, k := range keys {
		if v, ok := all[k]; ok {
			out[k] = value(v)
		}
	}
	if len(out) == 0 {
		return cty.MapValEmpty(typ)
	}
	return cty.MapVal(out)
}
