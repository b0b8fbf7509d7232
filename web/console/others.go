package console

import (
	"net/http"
	"strings"

	"orac/web/api"
	"orac/web/schema"
)

// othersRow is what another appliance has sent, as a row of the history.
type othersRow struct {
	api.Utterance
	Sound string // where the server still has its sound; "" if it has not
}

// Text is what was understood.
func (r othersRow) Text() string {
	for _, t := range r.Transcripts {
		if t.Text != "" {
			return t.Text
		}
	}
	return ""
}

// fromOthers shows the part of the history that other appliances have sent.
func (c *Console) fromOthers(call *api.Call, d historyData) error {
	sounds, err := soundsOfServers(call)
	if err != nil {
		return err
	}
	next := d.Filter.Before
	for looked := 0; looked < scanned; {
		page, err := api.OpUtterances.Call(call, api.PageInput{Before: next, Limit: 200})
		if err != nil {
			return err
		}
		for _, u := range page.Utterances {
			r := othersRow{u, sounds[u.ID]}
			if u.Peer != "" && strings.Contains(strings.ToLower(r.Text()), strings.ToLower(d.Filter.Text)) {
				d.Others = append(d.Others, r)
			}
		}
		looked += len(page.Utterances)
		if next = page.Next; next == 0 || len(page.Utterances) == 0 || len(d.Others) >= historyRows {
			break
		}
	}
	if next > 0 {
		d.More = d.Filter.more(next)
	}
	d.Filtered, d.Keeps = d.Filter.Text != "", true
	return c.show(call, http.StatusOK, "history", view{Scripts: []string{"history.js"}, Wide: true, Data: d})
}

// soundsOfServers returns where the sounds are that servers still have in memory, by the ID of the transcript.
func soundsOfServers(call *api.Call) (map[string]string, error) {
	list, err := api.OpSpeechServers.Call(call, schema.None{})
	sounds := map[string]string{}
	for _, s := range list {
		for _, t := range s.Transcripts {
			if t.Sound {
				sounds[t.ID] = "/api/stt-servers/" + s.Name + "/transcripts/" + t.ID + "/audio"
			}
		}
	}
	return sounds, err
}
