package fake

import (
	"time"

	"orac/appliance/status"
)

// VoiceServices implements api.Voices: every block of the runbook has a service that has answered a little.
func (f *Appliance) VoiceServices() (list []status.VoiceService) {
	for _, w := range f.Book.Wyomings {
		list = append(list, status.VoiceService{Name: w.Name, Open: true, Connections: 2, Streams: 1, Answers: []status.VoiceAnswer{
			{At: time.Now(), Address: "192.0.2.9", Text: "turn off the fan", Seconds: 2, Took: 0.3}, {At: time.Now(), Address: "192.0.2.9", Cause: "the engine is away"},
		}})
	}
	return list
}

// VoiceServices implements api.Voices.
func (a Evil) VoiceServices() (list []status.VoiceService) {
	e := a.Word
	for _, w := range a.Book.Wyomings {
		list = append(list, status.VoiceService{Name: w.Name, Open: true, Error: e, Connections: 2, Streams: 1, Answers: []status.VoiceAnswer{
			{At: time.Now(), Address: e, Text: e, Model: e}, {At: time.Now(), Address: e, Cause: e},
		}})
	}
	return list
}
