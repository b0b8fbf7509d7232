package runbook

import (
	"slices"
	"time"

	"orac/runbook/language"
)

// TTS is what speaks texts.
type TTS struct {
	Address    Address
	Name       string
	Protocol   string          `hcl:"protocol"` // exec, wyoming or openai
	Command    []string        `hcl:"command"`
	URL        string          `hcl:"url"`
	Model      string          `hcl:"model"`
	Voice      string          `hcl:"voice"`
	Token      language.Secret `hcl:"token"`
	Timeout    time.Duration   `hcl:"timeout"`
	CA         string          `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert string          `hcl:"client_cert"`
	ClientKey  string          `hcl:"client_key"`
}

// Chimes are the paths of sounds; "" for none.
type Chimes struct {
	Wake  string `hcl:"wake"`
	Done  string `hcl:"done"`
	Error string `hcl:"error"`
	Timer string `hcl:"timer"`
	Mute  string `hcl:"mute"`
}

// TTS finds what speaks texts by its address.
func (rb *Runbook) TTS(a Address) (TTS, bool) {
	return find(rb.TTSs, a, func(s *TTS) Address { return s.Address })
}

var spokenName = language.Match(`^[^\x00-\x1f\x7f]{1,200}$`)

var ttsBlock = &language.BlockType{
	Type: "tts", Named: true,
	Doc:  "What speaks texts: answers to commands, and what a person types (`orac say \"dinner is ready\"`).",
	Slot: language.Into(func(rb *Runbook) any { return &rb.TTSs }),
	Example: `tts "local" {
  protocol = "exec"
  command  = ["espeak-ng", "--stdout", "--", "{text}"]
}`,
	Attributes: slices.Concat([]language.Attribute{
		{Name: "protocol", Kind: language.Enum, Gives: language.Tunes, OnChange: language.InPlace, Required: true, Values: []string{"exec", "wyoming", "openai"}, Example: `"exec"`,
			Doc: "exec starts a command for each text, which writes a WAV to its standard output: espeak-ng, flite, piper. wyoming asks a text-to-speech service of Home Assistant. openai asks any server with OpenAI's interface for speech."},
		{Name: "command", Kind: language.Strings, Gives: language.Runs, OnChange: language.InPlace, Example: `["espeak-ng", "--stdout", "--", "{text}"]`,
			Doc: "For protocol exec: the program and its arguments. The text replaces {text}, or is the last argument. No shell reads it."},
		{Name: "url", Kind: language.URL, TCP: true, Gives: language.Reaches, OnChange: language.InPlace, Example: `"http://speech.local:8000"`,
			Doc: "The server's address; for protocol wyoming `tcp://HOST:PORT`. For openai, ORAC adds /v1/audio/speech."},
		{Name: "model", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Pattern: spokenName, Expect: "at most 200 characters in one line", Example: `"tts-1"`,
			Doc: "For protocol openai: the model, as the server calls it."},
		{Name: "voice", Kind: language.String, Gives: language.Tunes, OnChange: language.InPlace, Pattern: spokenName, Expect: "at most 200 characters in one line", Example: `"alloy"`,
			Doc: "The voice, as the server calls it."},
		{Name: "token", Kind: language.String, Gives: language.Proves, OnChange: language.InPlace, Secret: language.SecretOnly, Example: `secret("speech")`,
			Doc: "A bearer token to send, for protocol openai."},
		{Name: "timeout", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "8s", Min: "1s", Max: "9s",
			Doc: "How long one text may take."},
	}, tlsClient("the server's")),
	Rules: []language.Rule{
		language.RequiredWhen("protocol", "exec", "command", `Add command = ["espeak-ng", "--stdout", "--", "{text}"].`),
		language.RequiredWhen("protocol", "wyoming", "url", `Add url = "tcp://HOST:10200", the address of the service.`),
		language.RequiredWhen("protocol", "openai", "url", `Add url = "http://HOST:PORT", the address of the server.`),
		language.RequiredWhen("protocol", "openai", "model", `Add model = "NAME", as the server calls it.`),
		language.OnlyWhen("protocol", "exec", "command"),
		language.OnlyWhen("protocol", "openai", "model"),
		language.OnlyWhen("protocol", "openai", "token"),
		language.OnlyWhen("protocol", "openai", "ca"),
		language.OnlyWhen("protocol", "openai", "client_cert"),
		language.OnlyWhen("protocol", "openai", "client_key"),
		together("client_cert", "client_key", "A certificate needs its private key, and a key its certificate."),
	},
}

// chime is the attribute of a chime.
func chime(name, when string) language.Attribute {
	return language.Attribute{Name: name, Kind: language.Path, Gives: language.Reads, OnChange: language.InPlace, Example: `"sounds/` + name + `.wav"`,
		Doc: "A WAV, FLAC, MP3 or Opus file of at most 5 s that is played " + when + "."}
}

var chimesBlock = &language.BlockType{
	Type: "chimes", Single: true,
	Doc: "Short sounds that tell what ORAC does, at the listener's speaker. examples/sounds has some.",
	Example: `chimes {
  wake = "sounds/wake.wav"
}`,
	Attributes: []language.Attribute{
		chime("wake", "when the wake word was heard"), chime("done", "when the command was heard to its end"), chime("error", "when nothing came of it"),
		chime("timer", "again and again for a minute, when a timer has ended; a wake word ends it"), chime("mute", "when the listener is muted, and when it listens again"),
	},
}

// heardAt are the attributes of a listener that has a speaker.
var heardAt = []language.Attribute{
	{Name: "speaker", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"device.speaker"}, Example: "device.speaker.kitchen",
		Doc: "Where whoever speaks to this listener hears what becomes of it."},
	{Name: "tts", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"tts"}, Example: "tts.local",
		Doc: "What speaks the answers to commands, at speaker."},
	{Name: "barge_in", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
		Doc: "Whether a wake word counts, and ends the answer, while speaker speaks. Only for a microphone from whose sound the speaker is subtracted, or the appliance wakes itself: `orac help microphones` says how, and what was measured. When false, wake words do not count until it has spoken."},
}

// heardNowhere refuses what needs a speaker without one.
var heardNowhere = language.Rule{
	Uses: []string{"speaker", "tts", "barge_in"}, Doc: "tts and barge_in are only for a listener with a speaker", Hint: "Add speaker = device.speaker.NAME, or leave them out.",
	Holds: func(g language.Given) bool {
		return g.Written("speaker") || !g.Written("tts") && !g.Written("barge_in")
	},
}

// chimesAreHeard refuses chimes that nobody hears.
func chimesAreHeard(value any, d *language.Document) (found language.Diagnostics) {
	for _, l := range value.(*Runbook).Listeners {
		if l.Speaker == "" && l.Chimes != (Chimes{}) {
			found = append(found, d.Problem(l.Address, "", language.Error, "chimes are played at a speaker, and this listener has none", "Add speaker = device.speaker.NAME, or leave chimes out."))
		}
	}
	return found
}
