package runbook

import (
	"slices"

	"orac/runbook/language"
)

// Vocabulary is the vocabulary of runbooks.
var Vocabulary = &language.Vocabulary{
	Noun:    "runbook",
	Title:   "The runbook, block by block",
	Intro:   "This page is generated from the registry (`orac schema --markdown`, `make docs`). README.md explains the language.",
	Schema:  "orac schema",
	Missing: "Say which runbook to use with -f FILE.",
	Empty: `The smallest one that listens:

appliance "kitchen" {}
device "microphone" "default" {}
model "hey_jarvis" { source = "catalog:hey_jarvis" }
listener "kitchen" {
  device = device.microphone.default
  models = [model.hey_jarvis]
}`,
	Blocks: Registry,
	Rules:  slices.Concat(runbookRules, actingRules, wyomingRules, satelliteRules, mqttRules),
	Folder: &language.Folder{Block: applianceBlock, Attribute: "state_dir"},
}

// Runbook is one decoded orac.hcl. It is immutable by convention: a changed file becomes a new
// Runbook. Every default is filled in, and every reference names an existing block. The slices keep
// the order of the file.
//
// The hcl tags below only name attributes of the registry; a test proves that tags and registry
// agree, field for field and type for type. Name is the block's label, "" if it has none.
type Runbook struct {
	language.Document

	Appliance Appliance
	Hearing
	Voice
	Services
	Hooks
	Tracing
	Bounds
	Serving
	Acting
	Belonging
	Access
}

// Registry is the language: every block type that a runbook may contain, in the order in which
// documentation and forms show them. It never changes.
var Registry = slices.Concat(
	[]*language.BlockType{applianceBlock}, hearing, voice, services, hooks, tracing, serving, acting, belonging, bounds, access,
	[]*language.BlockType{language.Locals("runbook"), language.Variable()},
)

// Appliance is the device as a whole.
type Appliance struct {
	Address    Address
	Name       string
	StateDir   string        `hcl:"state_dir"` // resolved against Runbook.Dir
	LogLevel   string        `hcl:"log_level"` // debug, info, warn or error
	LogFile    string        `hcl:"log_file"`  // resolved against Runbook.Dir; "" for none
	LogSize    language.Size `hcl:"log_size"`
	LogKeep    int           `hcl:"log_keep"` // files beside LogFile
	InstanceID string        `hcl:"instance_id"`
}

var applianceBlock = &language.BlockType{
	Type: "appliance", Named: true, Single: true, Required: true,
	Doc:  "The appliance as a whole. Every runbook has exactly one.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Appliance }),
	Example: `appliance "kitchen" {
  state_dir = "state"
}`,
	Attributes: []language.Attribute{
		{Name: "state_dir", Kind: language.Path, Gives: language.Writes, OnChange: language.NextStart, Default: "state", Example: `"/var/lib/orac"`,
			Doc: "Where the spool, the history and the lock live. --state-dir and ORAC_STATE_DIR win over it."},
		{Name: "log_level", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Default: "info", Values: []string{"debug", "info", "warn", "error"},
			Doc: "The least severe messages that are logged."},
		{Name: "log_file", Kind: language.Path, Gives: language.Writes, OnChange: language.InPlace, Example: `"/var/log/orac/orac.log"`,
			Doc: "A file that the messages are also written to, as lines of JSON."},
		{Name: "log_size", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "10MiB", Min: "512KiB", Max: "1GiB",
			Doc: "The size at which log_file is set aside under another name and begun anew. Files beside it that ORAC has not set aside, such as those of logrotate, stay as they are."},
		{Name: "log_keep", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "3", Min: "0", Max: "99", Unit: "files",
			Doc: "How many files that were set aside are kept."},
		{Name: "instance_id", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, DefaultDoc: "hey-orac-<hostname>", Example: `"hey-orac-kitchen"`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "What the appliance calls itself in heartbeats."},
	},
}
