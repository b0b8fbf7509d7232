package graph

import (
	"reflect"
	"slices"
	"strings"

	"orac/appliance/event"
	"orac/appliance/health"
	"orac/appliance/node"
)

// Name is the name of a kind of node; each kind has its own in its file.
type Name string

// Role is what a kind of node does on the way of the sound. The runner, the monitor and the drawings go by it.
type Role int

// The roles, in the direction of the sound.
const (
	_           Role = iota
	Hears            // gives sound; its health is the age of the last hop
	Passes           // reads at once what comes: a waiting value shows that it is stuck
	Records          // makes utterances of sound
	Keeps            // keeps utterances on the disk
	Delivers         // hands utterances to a service; it is stopped before the rest, because an answer may come at that moment
	Understands      // turns sound into text, for others; it judges its own progress
	Asks             // asks a service how it is
	Tells            // tells other programs what happens
	Remembers        // writes what happens into the history
	Serves           // answers other machines, for as long as the appliance runs
	Proves           // gives others what proves to a server who calls
	Plays            // is heard
)

// CarriesSound tells whether a node has nothing left to do when all sound is over and kept.
func (r Role) CarriesSound() bool { return r <= Keeps }

// Belongs is what the nodes of a kind belong to.
type Belongs int

// What a node is named after: kind.name.
const (
	ToNone Belongs = iota
	ToDevice
	ToListener
)

// Kind is everything that ORAC knows of one kind of node. Whatever lists kinds (the compiler, health, plans, drawings, timelines, the
// documentation) is made from Kinds.
type Kind struct {
	Name  Name
	Role  Role
	Words string // what it does, in one sentence for people

	// Of is what its nodes are named after, if that is a device or a listener.
	Of Belongs

	// Health says how its components are judged. The name of the component's kind is that of the kind of node.
	Health health.Rule

	// Reads and Writes are the ports that its nodes may have, besides the events that every node writes.
	Reads, Writes []string

	// Identity and Settings are the types of what its nodes are built from.
	Identity, Settings reflect.Type

	// add adds its nodes to a graph, and connects them with nodes of the kinds before it.
	add func(c *compiler, k *Kind)
	// build makes the code of a node.
	build func(a *Assembly, n *Node) (node.Node, error)
}

// built completes a row with the types of what its nodes are built from, and with the function that builds them.
func built[I, S any](k Kind, build func(a *Assembly, n *Node, identity I, settings S) (node.Node, error)) *Kind {
	k.Identity, k.Settings = reflect.TypeFor[I](), reflect.TypeFor[S]()
	k.Health.Kind = string(k.Name)
	k.build = func(a *Assembly, n *Node) (node.Node, error) {
		return build(a, n, n.Identity.(I), n.Settings.(S))
	}
	return &k
}

// nothing is the identity or the settings of a node that needs none.
type nothing struct{}

// Kinds returns the table of kinds, in the order in which sound passes them. Those that are told what others do come last: they are
// connected to the nodes that are there.
func Kinds() []*Kind {
	return []*Kind{
		sources(), rings(), features(), voices(), heads(), triggers(), recorders(),
		spools(), deliveries(), engines(), probes(), heartbeats(),
		forwards(), sttServers(), wyomings(), esphomes(), wyomingSatellites(),
		topicsThatAct(), languageModels(), backends(), coreServers(),
		players(), responders(),
		webhooks(), logins(), mqtts(), traces(), histories(),
	}
}

// KindOf finds a kind by its name; nil if there is none.
func KindOf(name Name) *Kind {
	kinds := Kinds()
	if i := slices.IndexFunc(kinds, func(k *Kind) bool { return k.Name == name }); i >= 0 {
		return kinds[i]
	}
	return nil
}

// Owner is the device or the listener that a component belongs to. A component may have left the graph, so its name tells.
func Owner(component string) (of event.Origin) {
	kind, name, _ := strings.Cut(component, ".")
	first, _, _ := strings.Cut(name, ".")
	switch k := KindOf(Name(kind)); {
	case k == nil:
	case k.Of == ToDevice:
		of.Device = first
	case k.Of == ToListener:
		of.Listener = first
	}
	return of
}

// HealthRules are the rules of all kinds.
func HealthRules() (list []health.Rule) {
	for _, k := range Kinds() {
		list = append(list, k.Health)
	}
	return list
}
