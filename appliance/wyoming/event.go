package wyoming

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Kinds of events that ORAC sends or understands. A reader skips all others.
const (
	KindDescribe = "describe"
	KindInfo     = "info"
	KindPing     = "ping"
	KindPong     = "pong"
	KindError    = "error"

	KindAudioStart = "audio-start"
	KindAudioChunk = "audio-chunk"
	KindAudioStop  = "audio-stop"

	KindTranscribe      = "transcribe"
	KindTranscript      = "transcript"
	KindTranscriptStart = "transcript-start"
	KindTranscriptChunk = "transcript-chunk"
	KindTranscriptStop  = "transcript-stop"

	KindDetect      = "detect"
	KindDetection   = "detection"
	KindNotDetected = "not-detected"

	// Of a satellite. The voice events and the transcript are what Home Assistant's pipeline tells of a command.
	KindRunSatellite   = "run-satellite"
	KindPauseSatellite = "pause-satellite"
	KindRunPipeline    = "run-pipeline"
	KindVoiceStopped   = "voice-stopped"
	KindPlayed         = "played"

	KindTimerStarted   = "timer-started"
	KindTimerUpdated   = "timer-updated"
	KindTimerCancelled = "timer-cancelled"
	KindTimerFinished  = "timer-finished"
)

// Event is one event as it came.
type Event struct {
	Kind    string
	Payload []byte // valid until the next event is read; perhaps only a piece, see Reader.Piece
	Size    int    // bytes of the whole payload
	Rest    int    // bytes of the payload that follow in the next events

	inline, block json.RawMessage // the data of the header and of the block; nil if there is none
}

// Decode reads the event's data into a struct of this package. Its error is an ErrFormat: the data has another form.
func (e Event) Decode(into any) error {
	data := e.block
	switch {
	case e.block == nil && e.inline == nil:
		return nil
	case e.block == nil:
		data = e.inline
	case e.inline != nil:
		both := map[string]json.RawMessage{}
		for _, source := range []json.RawMessage{e.inline, e.block} {
			if err := json.Unmarshal(source, &both); err != nil {
				return fmt.Errorf("%w: %s: %w", ErrFormat, e.name(), err)
			}
		}
		data, _ = json.Marshal(both) // of values that were valid
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFormat, e.name(), err)
	}
	return nil
}

// name is the kind of the event, short enough for an error.
func (e Event) name() string { return fmt.Sprintf("event %.40q", e.Kind) }

// isObject tells whether a JSON value, known to be valid, is an object.
func isObject(value []byte) bool {
	value = bytes.TrimLeft(value, " \t\r\n")
	return len(value) > 0 && value[0] == '{'
}

// Ping asks for a sign of life. The Pong has the same text.
type Ping struct {
	Text string `json:"text,omitempty"`
}

// Failure is the data of an error event.
type Failure struct {
	Text string `json:"text"`
	Code string `json:"code,omitempty"`
}

// Error implements error.
func (f *Failure) Error() string {
	switch {
	case f.Text == "":
		return "an error without words"
	case f.Code == "":
		return f.Text
	}
	return f.Text + " (" + f.Code + ")"
}

// Audio is the data of audio-start and audio-chunk: the format of the sound.
type Audio struct {
	Format
	Timestamp *Millis `json:"timestamp,omitempty"`
}

// AudioStop ends the sound.
type AudioStop struct {
	Timestamp *Millis `json:"timestamp,omitempty"`
}

// Millis is a time in the other side's clock, in milliseconds.
type Millis int64

// UnmarshalJSON also takes a time with a fraction, which some clients send.
func (m *Millis) UnmarshalJSON(b []byte) error {
	var v *float64
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	if v != nil {
		*m = Millis(max(-1<<53, min(1<<53, *v)))
	}
	return nil
}

// Transcribe asks for the text of the sound that follows.
type Transcribe struct {
	Name     string   `json:"name,omitempty"` // of the model; "" means the default one
	Language string   `json:"language,omitempty"`
	Context  *Context `json:"context,omitempty"`
}

// Context is what a client says of a sound besides. The protocol leaves open what is in it; services pass it on, or skip it.
type Context struct {
	Utterance string `json:"utterance_id,omitempty"` // its ID, for the logs on both sides
}

// UnmarshalJSON skips what other clients write there, whatever its form.
func (c *Context) UnmarshalJSON(b []byte) error {
	var known struct {
		Utterance string `json:"utterance_id"`
	}
	if json.Unmarshal(b, &known) == nil {
		c.Utterance = known.Utterance
	}
	return nil
}

// Transcript is the text of the sound, "" if nothing was understood.
type Transcript struct {
	Text     string `json:"text"`
	Language string `json:"language,omitempty"`
}

// TranscriptStart begins a text that comes in pieces.
type TranscriptStart struct {
	Language string `json:"language,omitempty"`
}

// TranscriptChunk is a piece of a text.
type TranscriptChunk struct {
	Text string `json:"text"`
}

// Detect asks for wake words in the sound that follows.
type Detect struct {
	Names []string `json:"names,omitempty"` // of models; none means all
}

// Detection is a wake word that was heard.
type Detection struct {
	Name      string  `json:"name,omitempty"` // of the model, as in Info
	Timestamp *Millis `json:"timestamp,omitempty"`
}

// RunPipeline asks for what follows a wake word, from one stage of a pipeline to another.
type RunPipeline struct {
	Start   string `json:"start_stage"`
	End     string `json:"end_stage"`
	Restart bool   `json:"restart_on_end"`
}

// Stages of a pipeline.
const (
	StageASR    = "asr"
	StageHandle = "handle"
	StageTTS    = "tts"
)

// Timer is the data of the timer events; each has some of it.
type Timer struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Seconds int    `json:"total_seconds,omitempty"`
	Active  bool   `json:"is_active,omitempty"`
}
