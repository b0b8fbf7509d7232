package setup

import (
	"slices"
	"strings"

	"orac/appliance/audio/capture"
	"orac/models"
)

// Answers is what a runbook is made from. A field that is nil or empty is not answered yet.
type Answers struct {
	Name     string // of the appliance: see NameOf
	StateDir string // empty: the runbook's default

	Microphone *Microphone
	Models     []string // wake words of the catalogue
	Service    *Service
	Console    Console
}

// Microphone is what to listen to. The zero value is the system's default at the time when ORAC starts.
type Microphone struct{ capture.Device }

// Service is what understands the command that follows a wake word. The zero value means none: wake words are only
// shown.
type Service struct {
	URL     string   // of an ORAC STT server
	Engine  string   // the model with which this machine understands speech
	Command []string // a program that prints the text of a WAV
}

// Console says who can reach the console.
type Console string

// The consoles: none, for this machine, for the network with encryption.
const (
	NoConsole Console = "none"
	Local     Console = "local"
	Network   Console = "network"
)

// Consoles lists all of them, the proposed one first.
var Consoles = []Console{Local, Network, NoConsole}

// WakeWords returns the models that can be chosen, the proposed one first.
func WakeWords() (list []models.Entry) {
	for _, e := range models.Catalogue() {
		if e.Kind == models.Head {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b models.Entry) int {
		return boolRank(b.Name == proposedModel) - boolRank(a.Name == proposedModel)
	})
	return list
}

// proposedModel is the wake word that is proposed.
const proposedModel = "hey_jarvis"

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// maxName bounds a name that is made from another text. The language allows longer names.
const maxName = 40

// NameOf turns any text, such as the name of a machine or of a microphone, into the name of a block. It returns fallback if no
// character of the text is allowed.
func NameOf(text, fallback string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
		if b.Len() == maxName {
			break
		}
	}
	if name := strings.TrimRight(b.String(), "_"); name != "" {
		return name
	}
	return fallback
}
