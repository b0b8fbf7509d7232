package graph

import (
	"time"

	"orac/appliance/act"
	"orac/appliance/audio"
	"orac/appliance/mqtt"
	"orac/appliance/node"
	"orac/appliance/notify"
	"orac/appliance/otlp"
	"orac/appliance/outbox"
	"orac/appliance/play"
	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
	"orac/appliance/tts"
	"orac/models/wake"
	"orac/runbook"
	"orac/runbook/language"
)

// Parts is the world that graphs are put into: real adapters, or models of them. Each function makes something from the settings
// of a node, because an appliance may switch to another runbook while it runs.
type Parts struct {
	FS   rt.FS  // of the state directory
	Host string // the name of the machine; "" if it has none

	Source func(Device) (audio.Source, error)
	Inference

	// STT makes the client of a service. tokens are those of the login that its block names; nil if it names none. find resolves a path
	// of the runbook.
	STT func(s Service, tokens wire.Tokens, find func(path string) string) (stt.Client, error)
	// Engine returns what starts the process of an engine. Its error tells why its model cannot be loaded: a *models.MissingError if the
	// store lacks it.
	Engine func(Speech) (func(*rt.Task) (node.EngineProcess, error), error)
	Heart  func(h Heart, tokens wire.Tokens) (notify.Heart, error)
	Hook   func(w runbook.Webhook, tokens wire.Tokens) (notify.Hook, error)
	Core   func(s CoreService, tokens wire.Tokens) (notify.Core, error)
	// Issuer makes the client of an issuer. Nil where nobody gives tokens: a graph that needs it does not run there.
	Issuer func(IssuerService) (node.Issuer, error)
	// Backend makes the adapter of a backend. find resolves a path of the runbook. Nil, as LanguageModel, where nothing is acted on:
	// a graph that needs it does not run there.
	Backend       func(s BackendService, find func(path string) string) (act.Backend, error)
	LanguageModel func(ModelService) (act.LanguageModel, error)
	// Door makes the place where a block is served: block is its address, listen is HOST:PORT. Nil: nobody comes.
	Door func(block runbook.Address, listen string) (node.Door, error)
	// Traces makes the client of a collector. Nil where nobody takes traces: a graph that needs it does not run there.
	Traces func(TraceService) (otlp.Collector, error)
	// Satellite makes the place where clients of an esphome or wyoming_satellite block connect; key is the one that the runbook names. Nil: nobody comes.
	Satellite func(block runbook.Address, listen string, key language.Secret) (node.SatelliteDoor, error)
	// Broker makes the client of an MQTT broker. Nil where there is none: a graph that needs it does not run there. Orders makes what carries
	// out what is ordered by way of a block; nil: nothing is.
	Broker  func(BrokerService) (mqtt.Link, error)
	Orders  func(block runbook.Address) node.Orders
	Version string // of the program
	// Speaker and Sound play: a loudspeaker, and what opens a sound. Nil where nothing is played.
	Speaker func(Loudspeaker) (play.Speaker, error)
	Sound   play.Opener
	// Chime reads a short sound. Voice makes what speaks texts. find resolves a path of the runbook.
	Chime      func(path string) ([]play.Frame, error)
	Voice      func(s runbook.TTS, find func(path string) string) (tts.Voice, error)
	Aloud      *node.Aloud      // nil: nobody asks who speaks
	WakeSounds *node.WakeSounds // nil: nobody switches them
	History    node.Book
	// Age is how old the state directory is: see provenclock.Clock.Age.
	Age node.Age
	// Mutes tells who does not listen now; nil: nobody is ever muted.
	Mutes *rt.Cell[node.Mutes]
	// Turn controls when webhooks may use their folders; nil where no folder belongs to a removed
	// webhook.
	Turn *outbox.Turn

	Events node.Events // where to report what happens, besides the history
	Meters node.Events // where to report what each hop is like
}

// ModelFile is the file of a model, as the runbook names it and as it was when the runbook was evaluated.
type ModelFile struct {
	Model
	Private bool           // an https URL may lead to a local network
	Dir     string         // that a path is relative to
	Path    string         // the source, if it is a path, resolved
	Named   bool           // the runbook names it by path
	Seen    language.Input // what was at that path
}

// Inference opens networks: real ones, or models of them.
type Inference struct {
	Extractor func() (node.Extractor, error)
	Gate      func() (node.Gate, error)
	Trim      func()       // releases what loading needed; nil for nothing
	Ready     func() error // why a gate cannot be opened; nil if it always can
	// Model returns what a model file says: its classes, their labels, and the classes that never
	// fire.
	Model func(ModelFile) (wake.Model, error)
	Head  func(ModelFile) (node.Classifier, error)
	// Fetch downloads what Model and Parts.Engine did not find. An apply calls it, and so does a
	// start, when there is no task yet and t is nil. It ends within that time, or when the task is told to stop. Nil where
	// nothing is fetched: a graph that lacks a model does not run there.
	Fetch func(t *rt.Task, list []Lacking, within time.Duration) error
}
