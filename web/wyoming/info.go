package wyoming

import (
	"strings"

	"orac/appliance/node"
	wire "orac/appliance/wyoming"
	"orac/runbook"
)

// infoOf is what a service says of itself. Its name and those of its models stay the same for as long as the runbook's do: clients
// keep what they know under these names.
func infoOf(c node.WyomingConfig) wire.Info {
	artifact := func(name, description string) wire.Artifact {
		return wire.Artifact{Name: name, Attribution: wire.Attribution{Name: "ORAC"}, Installed: true, Description: description}
	}
	program := artifact("ORAC "+c.Appliance, "ORAC on "+c.Appliance)
	if c.Block.Serve == runbook.ServeSTT {
		return wire.Info{ASR: []wire.ASR{{
			Artifact:  program,
			Models:    []wire.ASRModel{{Artifact: artifact(c.Block.Engine.Name(), "speech to text"), Languages: []string{c.Language}}},
			Streaming: true,
		}}}
	}
	w := wire.Wake{Artifact: program, Models: []wire.WakeModel{}}
	for _, word := range c.Words {
		phrase := word.WakeWord
		if phrase == "" {
			phrase = strings.ReplaceAll(word.Model.Name, "_", " ")
		}
		w.Models = append(w.Models, wire.WakeModel{Artifact: artifact(word.Model.Name, phrase), Languages: []string{"en"}, Phrase: phrase})
	}
	return wire.Info{Wake: []wire.Wake{w}}
}

// InstanceName is the name under which a service is announced. Home Assistant takes a new name for a new device.
func InstanceName(c node.WyomingConfig) string { return "orac-" + c.Appliance + "-" + c.Block.Name }
