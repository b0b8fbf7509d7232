package runbook

import (
	"slices"
	"strings"
	"time"

	"orac/runbook/language"
)

// Hearing is what is heard: devices, models, and who listens to them.
type Hearing struct {
	Microphones []Microphone
	WAVs        []WAV
	Models      []Model
	Listeners   []Listener
}

var hearing = []*language.BlockType{microphoneBlock, wavBlock, modelBlock, listenerBlock}

// Microphone selects one input of the machine.
type Microphone struct {
	Address      Address
	Name         string
	Match        string        `hcl:"match"`
	Identity     string        `hcl:"identity"`
	ID           string        `hcl:"id"`
	Backend      string        `hcl:"backend"` // auto, pulse or alsa
	Channels     int           `hcl:"channels"`
	Channel      []int         `hcl:"channel"` // from 0; nil: all of Channels
	StartTimeout time.Duration `hcl:"start_timeout"`
}

// WAV is a sound file that replaces a microphone.
type WAV struct {
	Address Address
	Name    string
	Path    string        `hcl:"path"` // resolved against Runbook.Dir
	Pace    string        `hcl:"pace"` // realtime or fast
	End     string        `hcl:"end"`  // stop, silence or loop
	Gap     time.Duration `hcl:"gap"`
	Channel []int         `hcl:"channel"` // from 0; nil: all
}

// Model is one wake-word model and when it fires.
type Model struct {
	Address       Address
	Name          string
	Source        string        `hcl:"source"`         // "catalog:NAME", an https URL, or a path: see Runbook.Resolve
	SHA256        string        `hcl:"sha256"`         // 64 lower-case hex digits, or ""
	PrivateSource bool          `hcl:"private_source"` // an https URL may lead to a local network
	Threshold     float64       `hcl:"threshold"`
	Cooldown      time.Duration `hcl:"cooldown"`
	Patience      int           `hcl:"patience"` // consecutive hops at or above Threshold
	Topic         string        `hcl:"topic"`
	WakeWord      string        `hcl:"wake_word"`
	Classes       []string      `hcl:"classes"`
	Webhook       Address       `hcl:"webhook"`
	Enabled       bool          `hcl:"enabled"`
}

// Listener is one graph: a device, its models, and what happens next.
type Listener struct {
	Address      Address
	Name         string
	Device       Address   `hcl:"device"`
	Models       []Address `hcl:"models"`
	Deliver      []Route   `hcl:"deliver"`
	Act          Address   `hcl:"act"`  // a topic that acts here; "" for none
	Area         string    `hcl:"area"` // where the speaker is
	MultiTrigger bool      `hcl:"multi_trigger"`
	VADThreshold float64   `hcl:"vad_threshold"` // 0 is off
	RMSFilter    float64   `hcl:"rms_filter"`    // int16 scale
	Speaker      Address   `hcl:"speaker"`       // "" for none; so with TTS
	TTS          Address   `hcl:"tts"`
	BargeIn      bool      `hcl:"barge_in"`
	Chimes       Chimes    `hcl:"chimes"`
	Record       Record    `hcl:"record"`
}

// Route names the services of which one transcribes an utterance: the first, or while it is away the first of the others that
// answers.
type Route []Address

// Delivers tells whether a service may receive utterances of the listener.
func (l Listener) Delivers(to Address) bool {
	return slices.ContainsFunc(l.Deliver, func(r Route) bool { return slices.Contains(r, to) })
}

// Record says where an utterance begins and ends.
type Record struct {
	PreRoll          time.Duration `hcl:"pre_roll"`
	Lead             time.Duration `hcl:"lead"` // wait for the command to begin
	Silence          time.Duration `hcl:"silence"`
	Grace            time.Duration `hcl:"grace"`
	Max              time.Duration `hcl:"max"` // PreRoll included
	SilenceThreshold float64       `hcl:"silence_threshold"`
}

var microphoneBlock = &language.BlockType{
	Type: "device", Variant: "microphone", Named: true,
	Doc:  "A microphone. Without match, identity or id it is the first real input of the system. `orac devices` lists the devices.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Microphones }),
	Example: `device "microphone" "usb" {
  match = "USB"
}`,
	Attributes: slices.Concat(selecting("source", `"alsa_input.usb-0d8c_USB_Audio-00.mono"`,
		"The backend's own identifier: the name of a PulseAudio source, or any PCM that ALSA opens (`hw:1,0`, `plughw:CARD=Mic`, `dsnoop:CARD=Mic`, `default`, one of asound.conf). ALSA is used with backend alsa, or when no PulseAudio answers. The number of a card may change when it is plugged in again."), []language.Attribute{
		{Name: "channels", Kind: language.Int, Gives: language.Tunes, OnChange: language.Restart, Default: "1", Min: "1", Max: "32", Unit: "channels",
			Doc: "How many channels to open. They are mixed to one, unless channel picks some of them."},
		{Name: "channel", Kind: language.Ints, Gives: language.Tunes, OnChange: language.Restart, Min: "0", Max: "31", Example: "0",
			Doc: "The channel to listen to, counted from 0, or a list of channels to mix, like [0, 1]. A microphone array usually has one processed channel, often 0, raw channels, and one with what the loudspeaker plays. ORAC opens all channels of the device; if you set channels, it must be that number. PulseAudio itself mixes more than two channels: for such a device, use backend alsa."},
		{Name: "start_timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.Restart, Default: "5s", Min: "1s", Max: "60s",
			Doc: "How long the device may take to deliver its first sound after it was opened."},
	}),
	Rules: []language.Rule{
		language.AtMostOneOf("match", "identity", "id"),
		{
			Uses: []string{"channel", "channels"},
			Doc:  "channel must be less than channels: channels count from 0",
			Hint: "With channels = 6, write 0 to 5. Or leave channels out: ORAC then asks the device how many it has.",
			Holds: func(g language.Given) bool {
				return !g.Written("channels") || !slices.ContainsFunc(g.Numbers("channel"), func(n int) bool { return n >= int(g.Amount("channels")) })
			},
		},
	},
}

var wavBlock = &language.BlockType{
	Type: "device", Variant: "wav", Named: true,
	Doc:  "A sound file that is heard in place of a microphone.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.WAVs }),
	Example: `device "wav" "demo" {
  path = "sounds/hey_jarvis_lights_on.wav"
}`,
	Attributes: []language.Attribute{
		{Name: "path", Kind: language.Path, Gives: language.Reads, OnChange: language.Restart, Required: true, Example: `"sounds/demo.wav"`,
			Doc: "The WAV file.", Reads: func(string) bool { return true }},
		{Name: "pace", Kind: language.Enum, Gives: language.Tunes, OnChange: language.Restart, Default: "realtime", Values: []string{"realtime", "fast"},
			Doc: "realtime plays the file at the speed of a microphone; fast plays it as fast as the models can listen."},
		{Name: "end", Kind: language.Enum, Gives: language.Tunes, OnChange: language.Restart, Default: "stop", Values: []string{"stop", "silence", "loop"},
			Doc: "What happens at the end of the file: the run stops, silence follows, or the file starts again."},
		{Name: "gap", Kind: language.Duration, Gives: language.Tunes, OnChange: language.Restart, Default: "2s", Min: "0s", Max: "1h",
			Doc: "The silence between two plays of a loop."},
		{Name: "channel", Kind: language.Ints, Gives: language.Tunes, OnChange: language.Restart, Min: "0", Max: "31", Example: "0",
			Doc: "The channel of the file to listen to, counted from 0, or a list of channels to mix. Without it, all channels are mixed."},
	},
}

// TopicPattern is the pattern of a topic. A topic becomes a segment of a path, where "." and ".." would lead to a different path,
// however they are escaped.
var TopicPattern = language.Match(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

// oneLine matches text for people: no control characters, which a terminal obeys, and no marks that reverse text, which make it
// look like a different one.
var oneLine = language.Match("^[^\\x00-\\x1f\\x7f\u0080-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]{1,100}$")

const oneLineExpect = "1 to 100 characters on one line, without control characters"

var modelBlock = &language.BlockType{
	Type: "model", Named: true,
	Doc:  "A wake-word model and when it fires.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Models }),
	Example: `model "hey_jarvis" {
  source    = "catalog:hey_jarvis"
  threshold = 0.5
}`,
	Attributes: []language.Attribute{
		{Name: "source", Kind: language.String, Gives: language.Fetches, OnChange: language.Restart, Required: true, Example: `"catalog:hey_jarvis"`,
			Pattern: language.Match(`^(catalog:[A-Za-z0-9._-]{1,64}|https://[A-Za-z0-9._:\[\]-]+/[\x21-\x7e]*|[^:\x00]+\.onnx)$`),
			Expect:  `"catalog:NAME" (see orac models list), an https URL, or a path that ends in .onnx`,
			Doc:     "Where the model comes from: the catalogue (`orac models list`), an https URL, or a path relative to the runbook that ends in .onnx.",
			Reads: func(source string) bool {
				return !strings.HasPrefix(source, "catalog:") && !strings.HasPrefix(source, "https:")
			}},
		{Name: "sha256", Kind: language.String, Gives: language.Tunes, OnChange: language.Restart, Example: `"94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb"`,
			Pattern: language.Match(`^[0-9a-f]{64}$`), Expect: "64 hexadecimal digits, lower case",
			Doc: "The checksum that the file must have. Required for an https URL."},
		{Name: "private_source", Kind: language.Bool, Gives: language.Trusts, OnChange: language.InPlace, Default: "false",
			Doc: "Whether an https URL may lead to this machine or a local network. When false, models are downloaded from the public internet only."},
		{Name: "threshold", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0.3", Min: "0.001", Max: "1",
			TooLow: "A threshold of 0 would fire at every sound. Write 0.001 to 1, or enabled = false to switch the model off.",
			Doc:    "The score at which the model fires. A higher value means fewer false wakes, but more missed wake words."},
		{Name: "cooldown", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2s", Min: "0s", Max: "60s",
			Doc: "How long the model waits after it fired before it can fire again."},
		{Name: "patience", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "1", Min: "1", Max: "50", Unit: "hops of 80 ms",
			Doc: "How many hops in a row must reach the threshold before the model fires."},
		{Name: "topic", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Default: "general", Example: `"lights"`,
			Pattern: TopicPattern, Expect: "1 to 64 letters, digits, dots, _ or -, not beginning with a dot",
			Doc: "The ORAC topic that utterances are sent to."},
		{Name: "wake_word", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"hey jarvis"`,
			DefaultFrom: func(name string) string { return strings.ReplaceAll(name, "_", " ") },
			DefaultDoc:  "the block's name, with spaces for _",
			Pattern:     oneLine, Expect: oneLineExpect,
			Doc: "The words that a person says to wake the appliance."},
		{Name: "classes", Kind: language.Strings, Gives: language.Tunes, OnChange: language.Restart, Example: `["5_minute_timer"]`,
			Doc: "For a model with several classes: the classes that fire. If empty, all classes fire except none and background."},
		{Name: "webhook", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"webhook"}, Example: "webhook.light",
			Doc: "The webhook that is called when the model fires."},
		{Name: "enabled", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "true",
			Doc: "Whether the model listens."},
	},
	Rules: []language.Rule{{
		Uses: []string{"source", "sha256"},
		Doc:  "a model from an https URL needs its sha256",
		Hint: "Add sha256 = \"…\" with the checksum that the file's publisher states.",
		Holds: func(b language.Given) bool {
			return !strings.HasPrefix(b.Text("source"), "https://") || b.Text("sha256") != ""
		},
	}},
}

var listenerBlock = &language.BlockType{
	Type: "listener", Named: true,
	Doc:  "A device, the models that listen to it, and the services that utterances are sent to.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Listeners }),
	Example: `listener "kitchen" {
  device  = device.microphone.usb
  models  = [model.hey_jarvis]
  deliver = [stt.whisper]
  speaker = device.speaker.kitchen
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "device", Kind: language.Ref, Gives: language.Tunes, OnChange: language.Restart, Required: true, Refs: []string{"device.microphone", "device.wav"}, Example: "device.microphone.usb",
			Doc: "The device to listen to. Several listeners may share a device."},
		{Name: "models", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Required: true, NonEmpty: true, Refs: []string{"model"}, Example: "[model.hey_jarvis]",
			Doc: "The models that listen. Name each model once."},
		{Name: "deliver", Kind: language.RefLists, Gives: language.Tunes, OnChange: language.InPlace, Refs: append([]string{"stt"}, satelliteTypes...), Example: "[stt.whisper]",
			Doc: "The services that utterances are sent to: each utterance to each of them. A list in place of a service, as in `[[stt.local, stt.cloud], stt.archive]`, names services of which only one gets the utterance: the first, or while that is away the next. An `esphome` or `wyoming_satellite` block comes first and has Home Assistant answer: `[esphome.home]`, or `[[esphome.home, stt.local]]` to have a service take what is said while Home Assistant is away. If empty, wake words are detected, but nothing is recorded."},
		{Name: "act", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"topic"}, Example: "topic.general",
			Doc: "The topic that acts on what the first service of deliver understands: without a network, each utterance once, in order."},
		{Name: "area", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Example: `"Kitchen"`,
			Pattern: oneLine, Expect: oneLineExpect,
			Doc: "The area in which people speak to this listener: \"the light\" is the one of this area."},
		{Name: "multi_trigger", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "When true, every model that reaches its threshold fires; when false, only the one with the highest score."},
		{Name: "vad_threshold", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0.5", Min: "0", Max: "1",
			Doc: "The level of voice activity below which no model fires. 0 switches this check off."},
		{Name: "rms_filter", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "50", Min: "0", Max: "32767", Unit: "RMS, int16 scale",
			Doc: "The loudness of a hop below which no model fires."},
	}, heardAt),
	Nested: []*language.BlockType{recordBlock, chimesBlock},
	Rules: []language.Rule{heardNowhere, {
		Uses: []string{"area", "act"}, Doc: "area is only for a listener that acts", Hint: "Add act = topic.NAME, or leave area out.",
		Holds: func(g language.Given) bool { return !g.Written("area") || g.Written("act") },
	}},
}

var recordBlock = &language.BlockType{
	Type: "record", Single: true,
	Doc: "When the recording of an utterance begins and ends.",
	Example: `record {
  pre_roll = "1s"
  silence  = "300ms"
}`,
	Attributes: []language.Attribute{
		{Name: "pre_roll", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1s", Min: "0s", Max: "5s",
			Doc: "How much of the sound before the wake word is part of the recording."},
		{Name: "lead", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2s", Min: "0s", Max: "10s",
			Doc: "How long to wait for the command to begin after the wake word."},
		{Name: "silence", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "300ms", Min: "100ms", Max: "5s",
			Doc: "How long it must be quiet before the utterance may end."},
		{Name: "grace", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "400ms", Min: "0s", Max: "5s",
			Doc: "How much longer to wait after that silence, in case the person continues."},
		{Name: "max", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "15s", Min: "1s", Max: "15s",
			Doc: "The longest recording, including the pre-roll. ORAC STT refuses more than 15 s."},
		{Name: "silence_threshold", Kind: language.Float, Gives: language.Tunes, OnChange: language.InPlace, Default: "0.01", Min: "0", Max: "1", Unit: "RMS on [-1, 1]",
			Doc: "The loudness below which sound counts as silence."},
	},
	Rules: []language.Rule{
		language.LessThan("pre_roll", "max", "The pre-roll is part of the recording, so max must leave room for the command."),
	},
}
