package wyoming

// Info is what a service says about itself. The name, the attribution and "installed" of every artifact are always written: Home
// Assistant fails without them.
type Info struct {
	ASR  []ASR  `json:"asr"`
	TTS  []any  `json:"tts"`
	Wake []Wake `json:"wake"`

	Handle []any `json:"handle"`
	Intent []any `json:"intent"`
	Mic    []any `json:"mic"`
	Sound  []any `json:"snd"`

	Satellite *Satellite `json:"satellite,omitempty"`
}

// Artifact is what services and their models have in common.
type Artifact struct {
	Name        string      `json:"name"`
	Attribution Attribution `json:"attribution"`
	Installed   bool        `json:"installed"`
	Description string      `json:"description,omitempty"`
	Version     string      `json:"version,omitempty"`
}

// Attribution names who made an artifact.
type Attribution struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// ASR is a service that turns speech into text.
type ASR struct {
	Artifact
	Models    []ASRModel `json:"models"`
	Streaming bool       `json:"supports_transcript_streaming"`
}

// ASRModel is a model of an ASR. Without a language nobody can choose it.
type ASRModel struct {
	Artifact
	Languages []string `json:"languages"`
}

// Wake is a service that hears wake words.
type Wake struct {
	Artifact
	Models []WakeModel `json:"models"`
}

// WakeModel is a wake word. Its name is what detections carry.
type WakeModel struct {
	Artifact
	Languages []string `json:"languages"`
	Phrase    string   `json:"phrase,omitempty"`
}

// filled replaces nil lists: clients expect a list of every kind.
func (i Info) filled() Info {
	for _, list := range []*[]any{&i.TTS, &i.Handle, &i.Intent, &i.Mic, &i.Sound} {
		if *list == nil {
			*list = []any{}
		}
	}
	if i.ASR == nil {
		i.ASR = []ASR{}
	}
	if i.Wake == nil {
		i.Wake = []Wake{}
	}
	return i
}

// Satellite is a satellite. Where there is one, Home Assistant takes nothing else of the Info but the phrases of its wake words.
type Satellite struct {
	Artifact
	Area      string   `json:"area,omitempty"`
	HasVAD    bool     `json:"has_vad"`
	Active    []string `json:"active_wake_words"`
	MaxActive int      `json:"max_active_wake_words"`
	Trigger   bool     `json:"supports_trigger"`
}
