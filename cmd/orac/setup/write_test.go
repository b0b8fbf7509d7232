package setup

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"orac/appliance/audio/capture"
	"orac/appliance/graph"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

var cases = map[string]Answers{
	"least": {},
	"usb_server_network": {
		Name: "Küche 2", StateDir: "/var/lib/orac",
		Microphone: &Microphone{capture.Device{Backend: "alsa", Name: "USB Audio Mono", Identity: `hw:CARD=Mic"${x},DEV=0`}},
		Models:     []string{"hey_jarvis", "alexa"}, Service: &Service{URL: "http://stt.local:7272"}, Console: Network,
	},
	"engine": {Service: Embedded()},
	"program_local": {
		Name: "desk", Microphone: &Microphone{capture.Device{Backend: "pulse", Name: "Bad\n}\u202e name" + strings.Repeat("x", 100), Identity: "alsa_input.usb"}},
		Models: []string{"timer"}, Service: &Service{Command: []string{"whisper-cli", "-f", "{wav}", `a"b`}}, Console: Local,
	},
}

// hintLines are the comments inside blocks.
var hintLines = regexp.MustCompile(`(?m)^\n?(  # .*\n)+`)

// TestWrite: what is written is a runbook without a problem, in canonical form.
func TestWrite(t *testing.T) {
	for name, answers := range cases {
		t.Run(name, func(t *testing.T) {
			text, err := Write(t.Context(), answers)
			if err != nil {
				t.Fatal(err)
			}
			plain := hintLines.ReplaceAll(text, nil) // those follow the registry: see TestHintsAreTrue
			testkit.Golden(t, filepath.Join("testdata", name+".hcl"), plain)
			if formatted, _ := runbook.Vocabulary.Format(text, ""); !bytes.Equal(formatted, text) {
				t.Errorf("it is not in canonical form:\n%s", language.Diff("", text, formatted))
			}
			rb, problems := runbook.Parse(text, "orac.hcl", language.Options{})
			if rb == nil || len(problems) > 0 {
				t.Fatal(problems)
			}
			if _, err := graph.Compile(rb); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHintsAreTrue: every commented line that can be taken in is valid, and a default changes nothing.
func TestHintsAreTrue(t *testing.T) {
	hint := regexp.MustCompile(`(?m)^( *)# ([a-z_]+ = .*)$`)
	found := 0
	for name, answers := range cases {
		text, err := Write(t.Context(), answers)
		if err != nil {
			t.Fatal(err)
		}
		plain, problems := runbook.Parse(text, "", language.Options{})
		if plain == nil {
			t.Fatal(problems)
		}
		for _, at := range hint.FindAllSubmatchIndex(text, -1) {
			found++
			line := string(text[at[4]:at[5]])
			taken := string(text[:at[3]]) + line + string(text[at[5]:])
			rb, problems := runbook.Parse([]byte(taken), "", language.Options{})
			if rb == nil || len(problems) > 0 {
				t.Errorf("%s: %s: %v", name, line, problems)
				continue
			}
			changes := runbook.Compare(plain, rb)
			if isExample := strings.HasPrefix(line, "channel"); !isExample && len(changes) > 0 {
				t.Errorf("%s: %s is no default: %+v", name, line, changes)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d hints were found", found)
	}
}

func TestNameOf(t *testing.T) {
	for text, want := range map[string]string{
		"kitchen": "kitchen", "Küche 2": "k_che_2", "42 things!": "things", "": "orac", "___": "orac", "日本": "orac",
		"USB  Audio-Mono": "usb_audio_mono", strings.Repeat("ab", 60): strings.Repeat("ab", 20),
	} {
		if got := NameOf(text, "orac"); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
