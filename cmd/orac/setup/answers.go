package setup

import (
	"slices"
	"strings"

	"orac/appliance/audio/capture"
	"orac/models"
)

// Answers are what a runbook is made of. A field that is nil or empty is not answered yet.
type Answers struct {
	Name     string // of the appliance: see NameOf
	StateDir string // empty: the runbook's default

	Microphone *Microphone
	Models     []string // wake words of the catalogue
	Service    *Service
	Console    Console
}

// Microphone is what to listen to. The zero value is the system's default one, whichever that is when ORAC starts.
type Microphone struct{ capture.Device }

// Service is what understands the command that follows a wake word. The zero value is none: wake words are only shown.
type Service struct {
	URL     string   // of an ORAC STT server
	Command []string // a program that prints what it understands of a WAV
}

// Console says who reaches the console.
type Console string

// The consoles: none at all, for this machine, for the network with encryption.
const (
	NoConsole Console = "none"
	Local     Console = "local"
	Network   Console = "network"
)

// Consoles are all of them, the one that is proposed first.
var Consoles = []Console{Local, Network, NoConsole}

// WakeWords are the models that can be chosen, the one that is proposed first.
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

// maxName bounds a name that is made from another text. The language allows some more.
const maxName = 40

// NameOf makes the name of a block of any text, such as that of a machine or of a microphone; fallback where nothing of it can stay.
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
