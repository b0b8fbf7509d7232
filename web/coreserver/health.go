package coreserver

import (
	"net/http"
	"time"

	"orac/appliance/act"
	"orac/web/acts"
	"orac/web/peers"
)

// judge says how well the acting side is. It acts although a backend or a language model is away: others are not.
func judge(st act.CoreState, err error) string {
	if err != nil {
		return peers.Unhealthy
	}
	away := 0
	for _, b := range st.Backends {
		if !b.Connected {
			away++
		}
	}
	failing := false
	for _, m := range st.Models {
		failing = failing || m.Error != ""
	}
	switch {
	case away > 0 && away == len(st.Backends):
		return peers.Unhealthy
	case away > 0 || failing:
		return peers.Degraded
	}
	return peers.Healthy
}

// StatusOut tells whether it can act.
type StatusOut struct {
	Status  string `json:"status" doc:"ok, or why not."`
	Models  int    `json:"models_available"`
	Version string `json:"version"`
}

func (c *call) status() error {
	st, err := c.state()
	out, word := StatusOut{"ok", len(st.Models), c.server.Version}, judge(st, err)
	if word == peers.Unhealthy {
		out.Status = "no backend can be reached"
	}
	return c.JSON(c.Code(word, peers.Unhealthy), out)
}

// HealthOut is the health of the server and of what it needs.
type HealthOut struct {
	Status  string       `json:"status" doc:"healthy, degraded or unhealthy."`
	At      string       `json:"timestamp"`
	Version string       `json:"version"`
	Checks  HealthChecks `json:"checks"`
}

// HealthChecks are the parts of it. Names and addresses are for those who may read.
type HealthChecks struct {
	API      string         `json:"api"`
	Llama    string         `json:"llama_server" doc:"The language models; no_servers is healthy."`
	Restarts int            `json:"llama_restart_count"`
	Backends BackendsHealth `json:"backends"`
	Waiting  int            `json:"waiting" doc:"Texts."`
}

// BackendsHealth counts backends.
type BackendsHealth struct {
	Total     int `json:"total"`
	Connected int `json:"connected"`
}

func (c *call) health() error {
	st, err := c.state()
	word := judge(st, err)
	out := HealthOut{Status: word, At: time.Now().UTC().Format("2006-01-02T15:04:05.000000"), Version: c.server.Version, Checks: HealthChecks{API: peers.Healthy, Llama: "no_servers", Waiting: st.Waiting}}
	for _, m := range st.Models {
		if out.Checks.Llama == "no_servers" {
			out.Checks.Llama = peers.Healthy
		}
		if m.Error != "" {
			out.Checks.Llama = peers.Degraded
		}
	}
	out.Checks.Backends.Total = len(st.Backends)
	for _, b := range st.Backends {
		if b.Connected {
			out.Checks.Backends.Connected++
		}
	}
	return c.JSON(c.Code(word, peers.Unhealthy), out)
}

// ready tells whether a text would be acted on now.
func (c *call) ready() error { return c.Ready(judge(c.state()), peers.Unhealthy) }

// ModelsOut are the language models.
type ModelsOut struct {
	Models []ModelOut `json:"models"`
}

// ModelOut is a language model: a server that the runbook names, and no file of this machine.
type ModelOut struct {
	Name     string `json:"name"`
	Size     int    `json:"size"`
	Modified string `json:"modified"`
	Backend  string `json:"backend"`
	acts.Model
}

func (c *call) models() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := ModelsOut{[]ModelOut{}}
	for _, m := range st.Models {
		out.Models = append(out.Models, ModelOut{Name: m.Name, Backend: "openai", Model: acts.ModelOf(m)})
	}
	return c.JSON(http.StatusOK, out)
}

// LastOut is the last text and what came of it, with the fields of the existing service that are true.
type LastOut struct {
	Command  *string      `json:"command"`
	Topic    *string      `json:"topic"`
	At       *string      `json:"timestamp"`
	JSON     *string      `json:"generated_json"`
	Error    *string      `json:"error"`
	Success  bool         `json:"success" doc:"Backends have accepted all of it."`
	Status   string       `json:"status" doc:"idle, complete or error."`
	Start    *string      `json:"start_time"`
	End      *string      `json:"end_time"`
	Elapsed  float64      `json:"elapsed_ms"`
	Verified bool         `json:"verified"`
	Answer   *acts.Answer `json:"answer"`
}

func (c *call) last() error {
	st, err := c.state()
	if err != nil {
		return err
	}
	out := LastOut{Status: "idle"}
	if st.Last == nil {
		return c.JSON(http.StatusOK, out)
	}
	a := *st.Last
	shown, json := acts.AnswerOf(a), responseOf(a)
	end := a.Came
	for _, at := range []time.Time{a.ReadAt, a.ExecutedAt, a.VerifiedAt} {
		if at.After(end) {
			end = at
		}
	}
	out = LastOut{&a.Text, &a.Topic, stamp(a.Came), &json, nil, a.Understood && a.Executed, "complete", stamp(a.Came), stamp(end), float64(end.Sub(a.Came).Microseconds()) / 1000, a.Verified, &shown}
	if !out.Success {
		out.Status, out.Error = "error", text(shown.Reason)
	}
	return c.JSON(http.StatusOK, out)
}
