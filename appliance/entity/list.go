package entity

import (
	"strings"

	"orac/runbook"
)

// Of is what a list of entities is about: a listener, a speaker, or both, and the appliance that they belong to.
type Of struct {
	Listener  string // "": nothing is heard
	Speaker   string // "": nothing is played
	WakeSound bool   // a sound may follow a wake word
	Words     []Word // that the listener listens for, or could
}

// Word is a model of a listener.
type Word struct{ Model, Phrase string }

// Phrase is what people say for a model whose wake word is perhaps not declared.
func Phrase(wakeWord, model string) string {
	if wakeWord != "" {
		return wakeWord
	}
	return strings.ReplaceAll(model, "_", " ")
}

// List is the table of entities. What a device lacks is not in its list.
func List(of Of) (list []Entity) {
	if of.Speaker != "" {
		list = append(list, Entity{ID: IDMedia, Kind: MediaPlayer, Name: "Media player", Icon: "mdi:speaker", Class: "speaker", Speaker: of.Speaker})
	}
	if of.Listener != "" {
		list = append(list, Entity{ID: IDMute, Kind: Switch, Name: "Mute", Icon: "mdi:microphone-off", Class: "switch", Category: Config, Order: runbook.AllowMute})
		if of.WakeSound {
			list = append(list, Entity{ID: IDWakeSound, Kind: Switch, Name: "Wake sound", Icon: "mdi:bullhorn", Class: "switch", Category: Config, Order: runbook.AllowWakeSound})
		}
		list = append(list,
			Entity{ID: IDWake, Kind: TextSensor, Name: "Last wake word", Icon: "mdi:account-voice"},
			Entity{ID: IDTranscript, Kind: TextSensor, Name: "Last command", Icon: "mdi:comment-text-outline"},
			Entity{ID: IDLevel, Kind: Sensor, Name: "Microphone level", Icon: "mdi:waveform", Unit: "dB", Class: "sound_pressure", Category: Diagnostic, Hidden: true, Decimals: 1},
		)
		for _, w := range of.Words {
			list = append(list, Entity{
				ID: IDThreshold + w.Model, Kind: Number, Name: "Threshold of " + w.Phrase, Icon: "mdi:tune-vertical", Category: Config,
				Order: runbook.AllowThreshold, Model: w.Model, Min: 0.01, Max: 1, Step: 0.01,
			})
		}
		for i := range list {
			list[i].Listener = of.Listener
		}
	}
	return append(list,
		Entity{ID: IDProblem, Kind: BinarySensor, Name: "Problem", Class: "problem", Category: Diagnostic},
		Entity{ID: IDRestart, Kind: Button, Name: "Restart", Class: "restart", Category: Config, Order: runbook.AllowRestart},
		Entity{ID: IDUpdate, Kind: Update, Name: "ORAC", Category: Diagnostic},
	)
}
