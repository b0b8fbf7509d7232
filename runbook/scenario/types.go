package scenario

import (
	"slices"
	"time"

	"orac/runbook"
	"orac/runbook/language"
)

// Scenario is one decoded scenario file. It is immutable by convention. Every default is filled in, and every reference
// names an existing block. The slices keep the order of the file.
//
// The hcl tags name attributes of the registry and nothing more; a test proves that tags and registry agree.
type Scenario struct {
	language.Document

	Head        Head
	Changes     []Change
	Microphones []Microphone
	Sounds      []Sound
	Callers     []Caller
	Faults      []Fault
	Swarm       Swarm // its Every is zero if there is no swarm
	Steady      []Steady
	Recoveries  []Recovery
	Holds       []Hold
	Flats       []Flat
	Sometimes   []Sometimes
	Limits      Limits
}

// Uses tells whether faults of a kind may occur: the scenario declares one, or its swarm draws them.
func (s *Scenario) Uses(k Kind) bool {
	_, drawn := s.Swarm.Weights[string(k)]
	return drawn || slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Kind == k })
}

// Head is the block `scenario "NAME"`: what runs, and for how long.
type Head struct {
	Address   runbook.Address
	Name      string
	Doc       string        `hcl:"doc"`
	Runbook   string        `hcl:"runbook"`   // path, resolved against Scenario.Dir; "" when Text is set
	Text      string        `hcl:"text"`      // a runbook written into the scenario (heredoc)
	For       time.Duration `hcl:"for"`       // virtual or real time, including faults and healing
	Heal      time.Duration `hcl:"heal"`      // from the start: no fault begins after it, and active ones end; liveness is judged from then on. 0: For minus 2 min, but at least half of For
	Epoch     string        `hcl:"epoch"`     // time of day at the start, RFC 3339
	Inference string        `hcl:"inference"` // real, recorded or modelled
	Recording string        `hcl:"recording"` // file of recorded inference
	Backends  []string      `hcl:"backends"`  // of sim and chaos: where it can run
}

// Change is a block `change "ADDRESS"` with attributes of any name: the runbook runs with these set.
type Change struct {
	Address    runbook.Address
	Block      runbook.Address   `hcl:",label"`
	Attributes map[string]string `hcl:",remain"` // name -> HCL expression, as written in the scenario
}

// Microphone is an input of the world that the runbook need not name: `microphone "NAME"`. Every `device "microphone"`
// of the runbook finds one: if the scenario has none of its name, one is made for it.
type Microphone struct {
	Address  runbook.Address
	Name     string
	Identity string `hcl:"identity"` // what the runbook may select; default: the name
	Present  bool   `hcl:"present"`  // at the start
	Noise    int    `hcl:"noise"`    // RMS of the background, int16 scale; 0 is digital silence
}

// Sound is something that is played into a device: `sound "NAME"`.
type Sound struct {
	Address runbook.Address
	Name    string
	Device  string        `hcl:"device"`  // name of the device; "" is the runbook's first
	Play    string        `hcl:"play"`    // "speech" (wake word and command of Model), "noise", or the path of a WAV file, resolved
	Model   string        `hcl:"model"`   // whose wake word the speech says; "" is the first model of the runbook
	Command time.Duration `hcl:"command"` // how long the command in the speech lasts; 0: only the wake word
	Level   int           `hcl:"level"`   // RMS of noise, int16 scale
	At      time.Duration `hcl:"at"`
	Every   time.Duration `hcl:"every"`  // 0: once
	Jitter  time.Duration `hcl:"jitter"` // later by up to this, drawn from the seed
	Times   int           `hcl:"times"`  // at most this often; 0: until the end
	Wakes   bool          `hcl:"wakes"`  // whether it should be heard as a command: if a sound with false wakes the appliance, that is a false wake
}

// Fault is a block `fault "KIND" "NAME"`: something that breaks at certain times. faults.go lists the kinds and what
// they accept.
type Fault struct {
	Address runbook.Address // fault.KIND.NAME
	Kind    Kind            `hcl:",variant"`
	Name    string
	Target  string            `hcl:"target"` // device, stt, heartbeat, webhook, core, or address of a node, by kind; "" is the first one (or all, for kinds that say so)
	At      time.Duration     `hcl:"at"`
	For     time.Duration     `hcl:"for"`   // how long it lasts; 0 for kinds that happen at an instant
	Every   time.Duration     `hcl:"every"` // 0: once
	Jitter  time.Duration     `hcl:"jitter"`
	Times   int               `hcl:"times"`
	Delay   time.Duration     `hcl:"delay"` // of slow services and disks
	By      time.Duration     `hcl:"by"`    // of clock_jump; may be negative: back = true
	Back    bool              `hcl:"back"`
	Rate    float64           `hcl:"rate"`  // of wrong_rate: factor; of drops: share of hops
	Size    language.Size     `hcl:"size"`  // of memory_leak (a minute), memory_spike
	Way     string            `hcl:"way"`   // of stt_poison and webhook_poison: error, hang, reset, refuse; "" is error
	Other   bool              `hcl:"other"` // of unplug: a different device takes its place meanwhile
	Block   string            `hcl:"block"` // of apply and push: address of the block that is changed
	Set     map[string]string `hcl:"set"`   // of apply and push: attribute -> HCL expression

	EveryWrite bool `hcl:"every_write"` // of power_loss: instead of at At, at each disk operation of one utterance, with a run for each
}

// Swarm is the block `swarm`: faults drawn from the seed. Each seed picks a subset of the kinds first.
type Swarm struct {
	Address runbook.Address
	Weights map[string]float64 `hcl:"weights"` // kind -> weight
	Every   time.Duration      `hcl:"every"`   // mean time between two faults
	Least   time.Duration      `hcl:"least"`   // a fault lasts from Least
	Most    time.Duration      `hcl:"most"`    // to Most
	From    time.Duration      `hcl:"from"`    // no faults before
	Subset  bool               `hcl:"subset"`  // false: every seed uses all kinds
}

// Steady is a block `steady "NAME"`: an expression over the state that must be true whenever it is
// checked.
type Steady struct {
	Address runbook.Address
	Name    string
	Doc     string        `hcl:"doc"`
	Holds   Expr          `hcl:"holds"`
	Every   time.Duration `hcl:"every"`
	From    time.Duration `hcl:"from"`
	Healed  bool          `hcl:"healed"` // only after the heal point
	Most    time.Duration `hcl:"most"`   // how long it may be false without a break
}

// Recovery is a block `recovery "NAME"`: a promise of how soon a fault is noticed and recovered from.
type Recovery struct {
	Address runbook.Address
	Name    string
	Doc     string            `hcl:"doc"`
	After   []runbook.Address `hcl:"after"` // faults: fault.KIND.NAME
	Kinds   []string          `hcl:"kinds"` // and all faults of these kinds, including the swarm's; without After and Kinds: every fault
	From    string            `hcl:"from"`  // begin: the clock starts with the fault; end: when the fault is over (the missing thing is back)
	Detect  time.Duration     `hcl:"detect"`
	Recover time.Duration     `hcl:"recover"`
	Means   string            `hcl:"means"`  // what counts as recovered: sound (consecutive good probes of hops that reach the models), health, delivered (nothing waits any more)
	Probes  int               `hcl:"probes"` // how many good ones in a row
}

// Hold is a block `expect "NAME"`: an expression over the state at the end, such as lost == 0.
type Hold struct {
	Address runbook.Address
	Name    string
	Doc     string `hcl:"doc"`
	Holds   Expr   `hcl:"holds"`
}

// Flat is a block `flat "NAME"`: something that must not grow after a warm-up.
type Flat struct {
	Address runbook.Address
	Name    string
	Doc     string        `hcl:"doc"`
	Memory  language.Size `hcl:"memory"` // most growth; 0: not checked
	Tasks   int           `hcl:"tasks"`  // most growth of tasks (goroutines); -1: not checked
	WarmUp  time.Duration `hcl:"warm_up"`
}

// Sometimes is a block `sometimes "NAME"`: a situation that some seed must reach.
type Sometimes struct {
	Address runbook.Address
	Name    string
	Doc     string `hcl:"doc"`
	Holds   Expr   `hcl:"holds"`
}

// Limits bound what a run itself may use.
type Limits struct {
	Address runbook.Address
	Wall    time.Duration `hcl:"wall"`   // of one seed
	Memory  language.Size `hcl:"memory"` // of the simulator
	Events  int           `hcl:"events"` // kept for one seed
}
