package sttserver

import (
	"net/http"
	"strconv"
	"strings"

	"orac/appliance/audio/wav"
	"orac/appliance/sttrole"
	"orac/web/schema"
)

// recordingOut is a kept recording in the list.
type recordingOut struct {
	Filename string  `json:"filename"`
	Bytes    int     `json:"size_bytes"`
	Created  string  `json:"created"`
	Duration float64 `json:"duration_estimate"`
}

const ofWAV = ".wav"

// recordings lists what was kept of the last utterances.
func (c *call) recordings() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	list := []recordingOut{}
	for _, t := range st.Transcripts {
		if !t.Sound || !schema.IsID(t.ID) {
			continue
		}
		samples := int(t.Duration.Seconds()*sttrole.Rate + 0.5)
		list = append(list, recordingOut{t.ID + ofWAV, wav.HeaderBytes + 2*samples, t.At.Local().Format("2006-01-02T15:04:05.000000"), t.Duration.Seconds()})
	}
	return c.JSON(http.StatusOK, map[string]any{"count": len(list), "max_recordings": c.block().Keep, "recordings": list})
}

// recording plays one. That somebody listens is on record: see Route.Change.
func (c *call) recording() error {
	id, ok := strings.CutSuffix(c.R.PathValue("filename"), ofWAV)
	if !ok || !schema.IsID(id) {
		return sttrole.ErrNoSound
	}
	role, err := c.role()
	if err != nil {
		return err
	}
	sound, err := role.Sound(c.Context(), id)
	if err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Content-Length", strconv.Itoa(len(sound)))
	h.Set("Content-Disposition", `attachment; filename="`+id+ofWAV+`"`)
	c.W.WriteHeader(http.StatusOK)
	_, _ = c.W.Write(sound) // whether it arrives is the client's concern
	return nil
}
