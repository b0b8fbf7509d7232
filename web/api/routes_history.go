package api

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"orac/appliance/status"
	"orac/appliance/store"
	recorded "orac/appliance/utterance"
	"orac/web/acts"
	"orac/web/schema"
)

// Records are what the appliance keeps of what it heard.
type Records interface {
	// History returns nil if there is none.
	History() *store.Store
	// Audio opens the sound of an utterance, a WAV file; the error is fs.ErrNotExist if it was not kept.
	Audio(utterance string) (io.ReadSeekCloser, time.Time, error)
}

// Incidents are what went wrong.
type Incidents interface {
	// Incidents returns the latest incidents, oldest first, at most limit.
	Incidents(limit int) ([]status.Incident, error)
	// Incident returns an incident with its evidence.
	Incident(id string) (status.Incident, bool)
}

type PageInput struct {
	Before int64 `query:"before" check:"min=0" doc:"next of the previous page; default: start with the newest."`
	Limit  int   `query:"limit" check:"min=1;max=1000" doc:"How many at most; default: 100."`
}

func (in PageInput) page() store.Page { return store.Page{Before: in.Before, Limit: in.Limit} }

func (c *Call) history() (*store.Store, error) {
	h := c.Server.o.App.Records.History()
	if h == nil {
		return nil, schema.Fail(schema.Unavailable, "There is no history: the disk was full when the appliance started.")
	}
	return h, nil
}

func historyProblem(err error) error {
	if err == nil {
		return nil
	}
	return schema.Because(schema.Unavailable, err, "The history cannot be read or written.")
}

// Detection is a wake word that was heard.
type Detection struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Device    string    `json:"device"`
	Listener  string    `json:"listener"`
	Model     string    `json:"model"`
	Class     string    `json:"class,omitempty"`
	WakeWord  string    `json:"wake_word"`
	Score     float64   `json:"score"`
	Threshold float64   `json:"threshold" doc:"The threshold at that time."`
	FalseWake *bool     `json:"false_wake" doc:"A person's verdict; null without one."`
	// Commands are those that were said after it.
	Commands []acts.Deed `json:"commands" doc:"What came of what was said after it."`
}

type DetectionPage struct {
	Detections []Detection `json:"detections"`
	Next       int64       `json:"next,omitempty"`
}

func getDetections(c *Call, in PageInput) (DetectionPage, error) {
	h, err := c.history()
	if err != nil {
		return DetectionPage{}, err
	}
	list, next, err := h.Detections(in.page())
	if err != nil {
		return DetectionPage{}, historyProblem(err)
	}
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	verdicts, err := h.Verdicts(ids)
	if err != nil {
		return DetectionPage{}, historyProblem(err)
	}
	commands, err := h.CommandsOf(ids)
	out := DetectionPage{Detections: []Detection{}, Next: next}
	for _, d := range list {
		row := Detection{ID: d.ID, At: d.At, Device: d.Device, Listener: d.Listener, Model: d.Model, Class: d.Class, WakeWord: d.WakeWord, Score: d.Score, Threshold: d.Threshold, Commands: acts.DeedsOf(commands[d.ID])}
		if v, ok := verdicts[d.ID]; ok {
			row.FalseWake = &v
		}
		out.Detections = append(out.Detections, row)
	}
	return out, historyProblem(err)
}

type JudgeInput struct {
	ID        string `path:"id" check:"pattern=id"`
	FalseWake *bool  `json:"false_wake" check:"required" doc:"true: nobody said it."`
}

func (in JudgeInput) target() string { return in.ID }

func judge(c *Call, in JudgeInput) (schema.None, error) {
	h, err := c.history()
	if err != nil {
		return schema.None{}, err
	}
	if in.FalseWake == nil {
		return schema.None{}, schema.Invalid(schema.FieldError{Field: "false_wake", Wrong: "must be true or false"})
	}
	before, err := h.Verdicts([]string{in.ID})
	if err != nil {
		return schema.None{}, historyProblem(err)
	}
	err = h.SaveVerdict(store.Verdict{DetectionID: in.ID, FalseWake: *in.FalseWake, Who: c.Who.Subject(), At: time.Now()})
	if errors.Is(err, store.ErrUnknown) {
		return schema.None{}, schema.Fail(schema.NotFound, "There is no such detection.")
	}
	if was, ok := before[in.ID]; ok {
		c.Changed(map[string]bool{"false_wake": was}, map[string]bool{"false_wake": *in.FalseWake})
	} else {
		c.Changed(nil, map[string]bool{"false_wake": *in.FalseWake})
	}
	return schema.None{}, historyProblem(err)
}

// Utterance is a recording with what became of it.
type Utterance struct {
	ID          string       `json:"id"`
	Detection   string       `json:"detection,omitempty"`
	Listener    string       `json:"listener"`
	Started     time.Time    `json:"started"`
	Ended       time.Time    `json:"ended,omitzero"`
	Seconds     float64      `json:"seconds"`
	Why         string       `json:"why" doc:"Why the recording ended."`
	Cut         bool         `json:"cut,omitempty" doc:"Whether it was cut off, for the reason in why: the person may still have been speaking."`
	Lost        bool         `json:"lost"`
	Server      string       `json:"server,omitempty" doc:"The stt_server block that a peer asked."`
	Peer        string       `json:"peer,omitempty" doc:"Who sent it to the server; empty if this appliance heard it."`
	Audio       bool         `json:"audio" doc:"Whether the sound is kept."`
	Deliveries  []Delivery   `json:"deliveries"`
	Transcripts []Transcript `json:"transcripts"`
	Commands    []acts.Deed  `json:"commands" doc:"What came of it here."`
}

type Delivery struct {
	STT      string    `json:"stt"`
	Outcome  string    `json:"outcome"`
	Attempts int       `json:"attempts"`
	Way      string    `json:"way"`
	At       time.Time `json:"at"`
	Error    string    `json:"error,omitempty"`
	Seconds  float64   `json:"seconds" doc:"From the end of the recording to the answer; 0 if unknown."`
}

type Transcript struct {
	STT        string  `json:"stt"`
	Text       string  `json:"text" doc:"What was said, without the service's markers."`
	Original   string  `json:"original,omitempty" doc:"The service's own text, if it differs."`
	Confidence float64 `json:"confidence"`
	Language   string  `json:"language,omitempty"`
	Seconds    float64 `json:"seconds" doc:"Time that the service took."`
}

type UtterancePage struct {
	Utterances []Utterance `json:"utterances"`
	Next       int64       `json:"next,omitempty"`
	Kept       bool        `json:"keeps_audio" doc:"Whether the sound of new recordings is kept (store.keep_audio)."`
}

func getUtterances(c *Call, in PageInput) (UtterancePage, error) {
	h, err := c.history()
	if err != nil {
		return UtterancePage{}, err
	}
	list, next, err := h.Utterances(in.page())
	out := UtterancePage{Utterances: []Utterance{}, Next: next, Kept: c.Server.o.App.Declared.Runbook().Store.KeepAudio}
	for _, u := range list {
		row := Utterance{
			ID: u.ID, Detection: u.DetectionID, Listener: u.Listener, Started: u.Started, Ended: u.Ended, Seconds: u.Seconds, Why: u.Why, Cut: recorded.Why(u.Why).CutOff(),
			Lost: u.Lost, Server: u.Server, Peer: u.Peer, Deliveries: []Delivery{}, Transcripts: []Transcript{}, Commands: acts.DeedsOf(u.Commands),
		}
		if f, _, err := c.Server.o.App.Records.Audio(u.ID); err == nil {
			row.Audio = true
			_ = f.Close() // opened only to see whether it exists
		}
		for _, d := range u.Deliveries {
			row.Deliveries = append(row.Deliveries, Delivery{d.STT, string(d.Outcome), d.Attempts, d.Way, d.At, d.Error, d.Seconds})
		}
		for _, t := range u.Transcripts {
			row.Transcripts = append(row.Transcripts, Transcript{t.STT, t.Text, t.Original, t.Confidence, t.Language, t.ProcessingTime.Seconds()})
		}
		out.Utterances = append(out.Utterances, row)
	}
	return out, historyProblem(err)
}

// Mute is that a listener, or all of them, stopped listening because somebody wanted it so, or listens again.
type Mute struct {
	At       time.Time `json:"at"`
	Listener string    `json:"listener,omitempty" doc:"Absent: all of them."`
	Muted    bool      `json:"muted" doc:"false: it listens again."`
	By       string    `json:"by,omitempty" doc:"Who wanted it so: a user, a key, a command, or the block of Home Assistant. Absent: the time of the mute was over."`
	Until    time.Time `json:"until,omitzero" doc:"Until when it is muted. Absent: until somebody unmutes it."`
}

type MutePage struct {
	Mutes []Mute `json:"mutes"`
	Next  int64  `json:"next,omitempty"`
}

func getMutes(c *Call, in PageInput) (MutePage, error) {
	h, err := c.history()
	if err != nil {
		return MutePage{}, err
	}
	list, next, err := h.Mutes(in.page())
	out := MutePage{Mutes: []Mute{}, Next: next}
	for _, m := range list {
		out.Mutes = append(out.Mutes, Mute(m))
	}
	return out, historyProblem(err)
}

type UtteranceInput struct {
	ID string `path:"id" check:"pattern=id"`
}

func (in UtteranceInput) target() string { return in.ID }

func getAudio(c *Call, in UtteranceInput) (schema.None, error) {
	f, changed, err := c.Server.o.App.Records.Audio(in.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return schema.None{}, schema.Fail(schema.NotFound, "There is no sound of it: store.keep_audio keeps it from now on.")
	}
	if err != nil {
		return schema.None{}, err
	}
	defer f.Close()
	w := c.Streaming()
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", in.ID+".wav"))
	oneRange(c.R)
	http.ServeContent(w, c.R, "", changed, f)
	return schema.None{}, nil
}

// oneRange turns a request for several ranges into one for the whole file: no player asks for more than one, and thousands of
// small ones cost more than the whole file (RFC 9110, 14.2 and 17.15).
func oneRange(r *http.Request) {
	if list := r.Header.Values("Range"); len(list) > 1 || len(list) == 1 && strings.Contains(list[0], ",") {
		r.Header.Del("Range")
	}
}

type LimitInput struct {
	Limit int `query:"limit" check:"min=1;max=1000" doc:"How many at most; default: 100."`
}

func getIncidents(c *Call, in LimitInput) ([]status.Incident, error) {
	if in.Limit == 0 {
		in.Limit = 100
	}
	list, err := c.Server.o.App.Incidents.Incidents(in.Limit)
	if err != nil {
		return nil, historyProblem(err)
	}
	list = slices.Clone(list)
	for i := range list {
		list[i].Evidence = "" // left out of the list because it is long; read it one incident at a time
	}
	slices.SortStableFunc(list, func(a, b status.Incident) int { return cmp.Or(b.Detected.Compare(a.Detected), cmp.Compare(b.ID, a.ID)) })
	return notNil(list), nil
}

type IncidentInput struct {
	ID string `path:"id" check:"pattern=id"`
}

func getIncident(c *Call, in IncidentInput) (status.Incident, error) {
	i, ok := c.Server.o.App.Incidents.Incident(in.ID)
	if !ok {
		return i, schema.Fail(schema.NotFound, "There is no such incident.")
	}
	return i, nil
}
