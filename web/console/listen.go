package console

import (
	"net/http"
	"slices"
	"time"

	"orac/appliance/status"
	"orac/web/api"
	"orac/web/schema"
)

// listener is a listener with what it hears.
type listener struct {
	Name, Device, Detail string
	State                string // of the device: listening, or why not
	OK, Muted            bool
	Models               []listenerModel
}

type listenerModel struct {
	Name, WakeWord string
	Threshold      float64
}

// Mark returns the place of the threshold on a bar of 100 units.
func (m listenerModel) Mark() float64 { return m.Threshold * 100 }

type listenData struct {
	Listeners []listener
	Heard     []heard
	Muted     []mutedRow
}

func (c *Console) listen(call *api.Call) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	list, err := heardLately(call)
	if err != nil {
		return err
	}
	declared, err := api.OpListeners.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.show(call, http.StatusOK, "listen", view{
		Events: told(meters, kept, judged, live, muting), Scripts: []string{"uplot.js", "curves.js", "listen.js"}, Styles: []string{"uplot.css"},
		Data: listenData{listeners(declared, s), list, mutedRows(s.Muted)},
	})
}

func listeners(declared []api.Listener, s status.Status) (list []listener) {
	for _, l := range declared {
		row := listener{Name: l.Name, Device: l.Device, OK: true, State: "listening", Detail: "a sound file"}
		for _, n := range s.Nodes {
			if n.Address == "source."+row.Device && n.State != "running" {
				if row.OK, row.State = n.State == "finished", n.State; row.OK {
					row.State = "the sound has ended"
				}
			}
		}
		for _, h := range s.Health.Components {
			if h.Name == "source."+row.Device && h.Level != "healthy" {
				row.OK, row.State = false, h.Why
			}
		}
		for _, m := range s.Muted {
			if row.OK && (m.Listener == "" || m.Listener == row.Name) {
				row.Muted, row.State = true, m.Words(time.Now())
			}
		}
		if !l.Recording {
			row.Detail = "microphone " + l.Microphone
		}
		for _, m := range l.Models {
			if m.Enabled {
				row.Models = append(row.Models, listenerModel{m.Name, m.WakeWord, m.Threshold})
			}
		}
		list = append(list, row)
	}
	return list
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// heard is a wake word with what was said after it and what became of the recording.
type heard struct {
	api.Detection
	Utterance *api.Utterance
}

// Text returns what was understood.
func (h heard) Text() string {
	if h.Utterance == nil {
		return ""
	}
	for _, t := range h.Utterance.Transcripts {
		if t.Text != "" {
			return t.Text
		}
	}
	return ""
}

// Fate says what became of the recording, or "" if it was understood.
func (h heard) Fate() string {
	u := h.Utterance
	switch {
	case u == nil && time.Since(h.At) < 20*time.Second:
		return "listening"
	case u == nil:
		return "nothing was recorded"
	case u.Lost:
		return "the recording was lost"
	case h.Text() != "":
		return ""
	case len(u.Deliveries) == 0 && time.Since(u.Started) < time.Minute:
		return "on its way"
	case len(u.Deliveries) == 0:
		return "not delivered yet"
	}
	d := u.Deliveries[len(u.Deliveries)-1]
	switch d.Outcome {
	case "delivered", "empty":
		if d.Error != "" {
			return "nothing was understood: " + d.Error
		}
		return "nothing was understood"
	}
	return "not delivered: " + firstOf(d.Error, d.Outcome)
}

const heardRows = 8

func heardLately(call *api.Call) ([]heard, error) {
	list, _, err := detectionsWithSpeech(call, api.PageInput{Limit: heardRows})
	return list, err
}

// detectionsWithSpeech returns wake words, newest first, with the recordings that followed them.
func detectionsWithSpeech(call *api.Call, in api.PageInput) (list []heard, next int64, err error) {
	page, err := api.OpDetections.Call(call, in)
	if err != nil {
		return nil, 0, err
	}
	said := map[string]*api.Utterance{}
	if len(page.Detections) > 0 {
		oldest := page.Detections[len(page.Detections)-1].At
		for before := int64(0); ; { // until they are older than the oldest wake
			u, err := api.OpUtterances.Call(call, api.PageInput{Limit: min(200, 2*in.Limit+8), Before: before})
			if err != nil {
				return nil, 0, err
			}
			for i := range u.Utterances {
				said[u.Utterances[i].Detection] = &u.Utterances[i]
			}
			before = u.Next
			if before == 0 || len(u.Utterances) == 0 || u.Utterances[len(u.Utterances)-1].Started.Before(oldest) || len(said) > 5000 {
				break
			}
		}
	}
	for _, d := range page.Detections {
		list = append(list, heard{d, said[d.ID]})
	}
	return slices.Clip(list), page.Next, nil
}

func (c *Console) heardPart(call *api.Call) error {
	list, err := heardLately(call)
	if err != nil {
		return err
	}
	return c.part(call, "listen", "heard", list)
}

func (c *Console) healthPart(call *api.Call) error {
	s, err := api.OpStatus.Call(call, schema.None{})
	if err != nil {
		return err
	}
	return c.part(call, "listen", "health", briefOf(s))
}
