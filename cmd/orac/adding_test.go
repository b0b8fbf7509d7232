package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orac/runbook/testkit"
)

// change is what a person writes in a file: new lines before a place that is there already, or a new file.
type change struct{ file, before, lines string }

// added is the tree with changes. It writes nothing into the tree itself: the go command is told where the changed files are.
type added struct {
	overlay string
	files   int      // that a person edits
	env     []string // of its tests
}

func add(t *testing.T, changes ...change) added {
	t.Helper()
	root, err := filepath.Abs("../..")
	testkit.Must(t, err)
	dir := t.TempDir()
	texts := map[string]string{}
	for _, c := range changes {
		text, edited := texts[c.file]
		if c.before == "" {
			texts[c.file] = c.lines
			continue
		}
		if !edited {
			b, err := os.ReadFile(filepath.Join(root, c.file))
			testkit.Must(t, err)
			text = string(b)
		}
		if strings.Count(text, c.before) != 1 {
			t.Fatalf("%s has %q %d times", c.file, c.before, strings.Count(text, c.before))
		}
		texts[c.file] = strings.Replace(text, c.before, c.lines+c.before, 1)
	}
	replace := map[string]string{}
	for file, text := range texts {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		testkit.Must(t, os.WriteFile(path, []byte(text), 0o600))
		replace[filepath.Join(root, file)] = path
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	testkit.Must(t, err)
	a := added{overlay: filepath.Join(dir, "overlay.json"), files: len(texts)}
	testkit.Must(t, os.WriteFile(a.overlay, text, 0o600))
	return a
}

// fast has the compiler take half its time: nothing of the house is inlined, and nobody debugs it.
const fast = "-gcflags=orac/...=-l -dwarf=false"

// run runs the go command on the changed tree, in the folder of the module.
func (a added) run(t *testing.T, command string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{command, "-overlay", a.overlay, fast, "-ldflags=-s -w"}, args...)...)
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), a.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (a added) passes(t *testing.T, command string, args ...string) {
	t.Helper()
	if out, err := a.run(t, command, args...); err != nil {
		t.Errorf("go %s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
}

// addedFaults are four kinds of faults, each added as appliance/README.md says: one that a device makes of its sound and one that a
// server answers, which their rows say, one that needs a maker, of which the row is given, and one that needs a model and is real by its row.
func addedFaults(hum change) (byRow, byMaker []change) {
	// What a device makes of its sound can be said by the row, too: then both runners make it.
	byRow = []change{
		faultName("Hiss", "hiss"), faultRow(`Kind: Hiss, Family: dim, Target: Device, Lasts: true, Harmless: true, Doc: "The device hisses.", How: "a tone of 4 kHz",
		Sound: func(pcm []int16, from int) {
			for i := range pcm {
				pcm[i] = int16(8000 + (from+i)/100%100 - (from+i)/2%2*16000)
			}
		}`),
		// What a server answers is said by the row.
		faultName("WebhookTeapot", "webhook_teapot"), faultRow(`Kind: WebhookTeapot, Family: webhook, Target: WebhookTarget, Lasts: true, Status: 418, Doc: "It is a teapot."`),
	}
	// Anything else needs a maker. One that is made in reality, too, takes the place of the reason why it is not; what befalls a process
	// is made in reality by the row.
	return byRow, []change{faultName("Hum", "hum"), hum, faultName("EngineShot", "engine_shot"),
		faultRow(`Kind: EngineShot, Family: engine, Target: EngineTarget, Blow: Killed, Doc: "The process of the engine is shot."`),
		{"sim/faults.go", "\n\tscenario.EngineDies:", "\n\tscenario.EngineShot: onEngine(\"the process ends\", func(u *understander, _ *occurrence) { u.Kill() }),"}, {"sim/faults.go", "\n\tscenario.Noise:", `
	scenario.Hum: {how: "a tone of 250 Hz", shape: func(pcm *[audio.HopSamples]int16, n int) {
		for i := range pcm {
			pcm[i] = int16((8000 + n%100) * (1 - i/32%2*2))
		}
	}},`}}
}

const tableOfFaults = "runbook/scenario/faults.go"

func faultName(c, kind string) change {
	return change{tableOfFaults, "\n\tSTTDown ", "\n\t" + c + " Kind = \"" + kind + "\""}
}

func faultRow(text string) change {
	return change{tableOfFaults, "\n\t{Kind: Clipping,", "\n\t{" + text + "},"}
}

func humRow(more string) change {
	return faultRow(`Kind: Hum, Family: dim, Target: Device, Lasts: true, Harmless: true, Doc: "The device hums."` + more)
}

// walkFaults are the tests that name a fault that was forgotten somewhere.
const walkFaults = "TestTheTableOfFaultsIsWhole|TestEveryKindIsMadeOrExcused|TestEveryKindDoesWhatItSays/^(hum|hiss|webhook_teapot|engine_shot)$"

// smallFaults has each of addedFaults once.
const smallFaults = `scenario "small" {
  text      = <<-EOT
    appliance "small" {}
    device "microphone" "mic" {}
    model "hey_jarvis" { source = "catalog:hey_jarvis" }
    stt "whisper" { url = "http://stt.local" }
    webhook "light" {
      url    = "http://light.local"
      events = ["wake"]
    }
    listener "room" {
      device  = device.microphone.mic
      models  = [model.hey_jarvis]
      deliver = [stt.whisper]
    }
  EOT
  for       = "5m"
  inference = "modelled"
}
sound "command" {
  every = "20s"
}
fault "hum" "it" {
  at = "1m"
}
fault "hiss" "it" {
  at = "75s"
}
fault "webhook_teapot" "it" {
  at = "90s"
}
recovery "any" {
  recover = "30s"
}
expect "nothing_lost" {
  holds = lost == 0 && told > 0
}
`

// TestAddingAFault forgets the maker of a fault: what is forgotten is named. A person edits at most two files for a fault; TestAddingAKind
// runs those that are whole.
func TestAddingAFault(t *testing.T) {
	t.Parallel()
	forgotten := add(t, faultName("Hum", "hum"), humRow(""))
	if out, err := forgotten.run(t, "test", "-count=1", "-vet=off", "-run", walkFaults, "./sim", "./chaos/play"); err == nil || strings.Count(out, "hum: ") != 2 {
		t.Errorf("a kind that nobody makes: %v\n%s", err, out)
	}
	byRow, byMaker := addedFaults(humRow(excused))
	if one, two := add(t, byRow...), add(t, byMaker...); one.files > 1 || two.files > 2 {
		t.Errorf("a person edits %d and %d files", one.files, two.files)
	}
}

const excused = `, Unreal: "nobody has built a humming microphone"`

// addedTest is a test of the changed tree: it draws a runbook with the kind that was added, and runs it and the faults in simulations. It is
// a test and no run of orac, so that the web and the commands are not built with it.
const addedTest = `package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/scenario"
)

func TestWhatWasAdded(t *testing.T) {
	dir := os.Getenv("ORAC_ADDED")
	rb, problems := runbook.Load(filepath.Join(dir, "small.hcl"), language.Options{})
	if problems.HasErrors() {
		t.Fatal(problems.Err())
	}
	g, err := graph.Compile(rb)
	if err != nil {
		t.Fatal(err)
	}
	var drawn strings.Builder
	if g.Print(&drawn); !strings.Contains(drawn.String(), "hops → meter.usb") {
		t.Error(drawn.String())
	}
	for _, name := range []string{"small-scenario.hcl", "small-faults.hcl"} {
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sc, problems := scenario.Parse(text, file, language.Options{})
		if problems.HasErrors() {
			t.Fatal(problems.Err())
		}
		if r := simulated(t, t.Context(), sc, Options{}); r.Exit() != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
`

// TestAddingAKind adds a kind of node with a block of its own as appliance/README.md says, and runs it in a simulation. A person edits
// at most four files, two of them new. The faults of TestAddingAFault are added to the same tree: building one is dear.
func TestAddingAKind(t *testing.T) {
	t.Parallel()
	block := func(before, lines string) change { return change{"runbook/services.go", before, lines} }
	language := []change{
		block("\n\tHeartbeats []Heartbeat\n", "\n\tMeters []Meter"),
		block("heartbeatBlock}\n", "meterBlock, "),
		block("// STT is one speech-to-text service.", `// Meter says how loud a device is.
type Meter struct {
	Address Address
	Name    string
	Device  Address       `+"`hcl:\"device\"`"+`
	Every   time.Duration `+"`hcl:\"every\"`"+`
}

var meterBlock = &language.BlockType{
	Type: "meter", Named: true,
	Doc:     "Says how loud a device is.",
	Slot:    language.Into(func(rb *Runbook) any { return &rb.Meters }),
	Example: `+"`meter \"usb\" { device = device.microphone.usb }`"+`,
	Attributes: []language.Attribute{
		{Name: "device", Kind: language.Ref, Gives: language.Tunes, OnChange: language.Restart, Required: true, Refs: []string{"device"}, Example: "device.microphone.usb", Doc: "The device."},
		{Name: "every", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1s", Min: "1s", Max: "1m", Doc: "How often."},
	},
}

`),
	}
	code := change{"appliance/node/meter.go", "", `package node

import (
	"orac/appliance/audio"
	"orac/appliance/rt"
	"time"
)

// Meter says how loud a device is.
type Meter struct {
	In     *rt.Mailbox[*audio.Hop]
	Config *rt.Cell[MeterConfig]
	said   rt.Instant
}

// MeterConfig are the settings of a meter.
type MeterConfig struct{ Every time.Duration }

// Update implements Updater.
func (m *Meter) Update(fresh Node) { m.Config.Take(fresh.(*Meter).Config) }

// Run implements Node.
func (m *Meter) Run(t *rt.Task) error {
	for {
		hop, err := m.In.Recv(t, rt.Never)
		if err != nil {
			return over(err)
		}
		if now := t.Now(); now.Sub(m.said) >= m.Config.Get().Every {
			m.said = now
			t.Trace("level", int64(hop.RMS))
		}
	}
}
`}
	kind := change{"appliance/graph/meter.go", "", `package graph

import (
	"time"

	"orac/appliance/node"
	"orac/appliance/rt"
	"orac/runbook"
)

// Meter is the name of the kind.
const Meter Name = "meter"

type meterIdentity struct {
	Meter struct {
		Address runbook.Address
		Device  runbook.Address ` + "`hcl:\"device\"`" + `
	} ` + "`of:\"meter\"`" + `
}

type meterSettings struct {
	Meter struct {
		Address runbook.Address
		Every   time.Duration ` + "`hcl:\"every\"`" + `
	} ` + "`of:\"meter\"`" + `
}

func meters() *Kind {
	return built(Kind{
		Name: Meter, Role: Passes, Words: "says how loud a device is", Health: starves, Reads: []string{hops.Name},
		add: func(c *compiler, k *Kind) {
			for _, m := range c.Runbook.Meters {
				if !c.has(At(Ring, m.Device.Name())) {
					continue // nobody listens to it
				}
				var id meterIdentity
				var s meterSettings
				fill(&id.Meter, m)
				fill(&s.Meter, m)
				c.add(Node{Address: At(Meter, m.Name), Kind: k, Block: m.Address, Detail: "every " + m.Every.String(), Identity: id, Settings: s})
				hops.flow(c, m.Device, At(Ring, m.Device.Name()), At(Meter, m.Name))
			}
		},
	}, func(a *Assembly, n *Node, _ meterIdentity, s meterSettings) (node.Node, error) {
		return &node.Meter{In: hops.inbox(a, n.Address), Config: rt.NewCell(node.MeterConfig{Every: s.Meter.Every})}, nil
	})
}
`}
	line := change{"appliance/graph/kind.go", "triggers(), recorders(),", "meters(), "}

	changes := append(language, code, kind, line)
	if alone := add(t, changes...); alone.files > 4 {
		t.Errorf("a person edits %d files", alone.files)
	}
	byRow, byMaker := addedFaults(humRow(excused))
	a := add(t, slices.Concat(changes, byRow, byMaker, []change{{"sim/added_test.go", "", addedTest}})...)
	a.passes(t, "test", "-count=1", "-vet=off", "-run", "TestEveryKindIsComplete|TestNodesAreBuiltFromViews|TestEveryAttributeDoesWhatIsSaidOfIt/^meter_", "./appliance/graph", "./appliance/core")
	dir := t.TempDir()
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "small.hcl"), []byte(`appliance "small" {}
device "microphone" "usb" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "room" {
  device = device.microphone.usb
  models = [model.hey_jarvis]
}
meter "usb" { device = device.microphone.usb }
`), 0o600))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "small-scenario.hcl"), []byte(`scenario "small" {
  runbook   = "small.hcl"
  for       = "2m"
  inference = "modelled"
}
sound "command" { every = "20s" }
fault "node_panic" "it" {
  target = "meter.usb"
  at     = "30s"
}
recovery "any" { recover = "30s" }
`), 0o600))
	testkit.Must(t, os.WriteFile(filepath.Join(dir, "small-faults.hcl"), []byte(smallFaults), 0o600))
	a.env = []string{"ORAC_ADDED=" + dir}
	a.passes(t, "test", "-count=1", "-vet=off", "-run", walkFaults+"|^TestWhatWasAdded$", "./runbook/scenario", "./sim", "./chaos/play")

	kind.lines = strings.Replace(kind.lines, `Words: "says how loud a device is", `, "", 1)
	forgotten := add(t, append(language, code, kind, line)...)
	if out, err := forgotten.run(t, "test", "-count=1", "-vet=off", "-run", "TestEveryKindIsComplete", "./appliance/graph"); err == nil || !strings.Contains(out, `"meter"`) {
		t.Errorf("a kind without words: %v\n%s", err, out)
	}
}
