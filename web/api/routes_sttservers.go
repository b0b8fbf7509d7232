package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"orac/appliance/sttrole"
	"orac/runbook"
	"orac/web/schema"
)

// STTServers are the speech-to-text servers that run.
type STTServers interface {
	// STTServer is what answers for a stt_server block; false if none runs.
	STTServer(block runbook.Address) (sttrole.Server, bool)
}

// STTServerOut is a speech-to-text server of the runbook: what it is asked, by whom, and what became of it.
type STTServerOut struct {
	Name        string          `json:"name"`
	Listen      string          `json:"listen"`
	Encrypted   bool            `json:"encrypted"`
	Legacy      []string        `json:"legacy" doc:"Peers that are let in by their address alone, without a login."`
	Running     bool            `json:"running" doc:"Whether it can be asked; otherwise the rest is empty."`
	Engine      STTEngine       `json:"engine"`
	Queue       STTQueue        `json:"queue"`
	Counts      STTCounts       `json:"counts" doc:"Since the start."`
	Instances   []STTInstance   `json:"instances" doc:"Appliances that send heartbeats."`
	Topics      []STTTopic      `json:"topics"`
	Transcripts []STTTranscript `json:"transcripts" doc:"The last ones, newest first. The history has the older ones, without their sound."`
	Forwards    []STTForward    `json:"forwards" doc:"How texts reach a Core."`
}

type STTEngine struct {
	Name  string `json:"name" doc:"Of the stt block."`
	Model string `json:"model"`
	State string `json:"state" doc:"idle, loading, ready, busy or failed."`
	Cause string `json:"cause,omitempty" doc:"Why it failed."`
}

type STTQueue struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"`
	Limit   int `json:"limit"`
}

type STTCounts struct {
	Served   int `json:"served" doc:"With a text."`
	Nothing  int `json:"nothing" doc:"In which nothing was understood."`
	Failed   int `json:"failed" doc:"By the engine."`
	Busy     int `json:"busy" doc:"Refused: the queue was full."`
	Refused  int `json:"refused" doc:"For their size or shape."`
	Repeated int `json:"repeated" doc:"Answered again."`
	Left     int `json:"left" doc:"Whose peer went away before the answer."`
}

type STTInstance struct {
	ID     string    `json:"instance_id"`
	Source string    `json:"source"`
	Peer   string    `json:"peer" doc:"Who sends them: an account, a key, or a peer without a login."`
	Legacy bool      `json:"legacy"`
	Last   time.Time `json:"last"`
	Stale  bool      `json:"stale"`
	Models []string  `json:"models" doc:"The active wake words."`
}

type STTTopic struct {
	Name      string    `json:"name"`
	Active    bool      `json:"active" doc:"Whether a living instance listens for it."`
	WakeWords []string  `json:"wake_words"`
	Core      string    `json:"core,omitempty" doc:"Where its texts go."`
	Count     int       `json:"count" doc:"Utterances since the start."`
	Last      time.Time `json:"last,omitzero"`
}

type STTTranscript struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Peer       string    `json:"peer"`
	Topic      string    `json:"topic"`
	Text       string    `json:"text"`
	Nothing    string    `json:"nothing,omitempty" doc:"Why there is no text."`
	Error      string    `json:"error,omitempty" doc:"Why it failed."`
	Confidence float64   `json:"confidence"`
	Seconds    float64   `json:"seconds" doc:"Of the sound."`
	Processing float64   `json:"processing_seconds"`
	Streamed   bool      `json:"streamed"`
	Forward    string    `json:"forward,omitempty"`
	Sound      bool      `json:"sound" doc:"Whether operators can hear it."`
}

type STTForward struct {
	Core    string `json:"core"`
	Waiting int    `json:"waiting"`
	Aside   int    `json:"aside"`
	Dropped int    `json:"dropped"`
	Error   string `json:"error,omitempty"`
}

// stateTime is how long a server may take to tell its state: it waits for no engine.
const stateTime = 2 * time.Second

func getSTTServers(c *Call, _ schema.None) ([]STTServerOut, error) {
	rb, list := c.Server.o.App.Declared.Runbook(), []STTServerOut{}
	for _, b := range rb.STTServers {
		out := STTServerOut{
			Name: b.Name, Listen: b.Listen, Encrypted: b.TLS.On(), Legacy: []string{},
			Instances: []STTInstance{}, Topics: []STTTopic{}, Transcripts: []STTTranscript{}, Forwards: []STTForward{},
		}
		for _, a := range b.Legacy {
			out.Legacy = append(out.Legacy, a.Name())
		}
		if role, ok := c.Server.o.App.STTServers.STTServer(b.Address); ok {
			ctx, cancel := context.WithTimeout(c.Context(), stateTime)
			st, err := role.State(ctx)
			cancel()
			if out.Running = err == nil; out.Running {
				out.fill(st, b.Forget)
			}
		}
		list = append(list, out)
	}
	return list, nil
}

// fill adds what a server knows of itself.
func (out *STTServerOut) fill(st sttrole.State, forget time.Duration) {
	out.Engine, out.Queue, out.Counts = STTEngine(st.Engine), STTQueue(st.Queue), STTCounts(st.Counts)
	for _, i := range st.Instances {
		one := STTInstance{ID: i.InstanceID, Source: i.Source, Peer: i.Peer.Name, Legacy: i.Peer.Legacy, Last: i.Last, Stale: i.Stale(forget), Models: []string{}}
		for _, m := range i.Models {
			if m.Active() {
				one.Models = append(one.Models, m.WakeWord)
			}
		}
		out.Instances = append(out.Instances, one)
	}
	for _, t := range st.Topics {
		out.Topics = append(out.Topics, STTTopic{t.Name, t.Active, notNil(t.WakeWords), t.Core, t.Count, t.Last})
	}
	for _, t := range st.Transcripts {
		out.Transcripts = append(out.Transcripts, STTTranscript{
			ID: t.ID, At: t.At, Peer: t.Peer.Name, Topic: t.Topic, Text: t.Text, Nothing: t.Nothing, Error: t.Error, Confidence: t.Confidence,
			Seconds: t.Duration.Seconds(), Processing: t.Processing.Seconds(), Streamed: t.Streamed, Forward: string(t.Forward), Sound: t.Sound && schema.IsID(t.ID),
		})
	}
	for _, f := range st.Forwards {
		out.Forwards = append(out.Forwards, STTForward(f))
	}
}

// STTSoundInput names a transcript of a server.
type STTSoundInput struct {
	Name string `path:"name" check:"pattern=name"`
	ID   string `path:"id" check:"pattern=id"`
}

func (in STTSoundInput) target() string { return "stt_server." + in.Name + " " + in.ID }

func getSTTSound(c *Call, in STTSoundInput) (schema.None, error) {
	role, ok := c.Server.o.App.STTServers.STTServer(runbook.Address("stt_server." + in.Name))
	if !ok {
		return schema.None{}, schema.Fail(schema.NotFound, "There is no such server.")
	}
	sound, err := role.Sound(c.Context(), in.ID)
	if errors.Is(err, sttrole.ErrNoSound) {
		return schema.None{}, schema.Fail(schema.NotFound, "There is no sound of it: keep of the stt_server says how many are kept.")
	}
	if err != nil {
		return schema.None{}, err
	}
	w := c.Streaming()
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", in.ID+".wav"))
	oneRange(c.R)
	http.ServeContent(w, c.R, "", time.Time{}, bytes.NewReader(sound))
	return schema.None{}, nil
}
