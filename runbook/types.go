package runbook

import (
	"orac/runbook/language"
	"time"
)

// Runbook is one decoded orac.hcl. It is immutable by convention: a changed file becomes a new
// Runbook. Every default is filled in, and every reference names an existing block. The slices keep
// the order of the file.
//
// The hcl tags below only name attributes of the registry; a test proves that tags and registry
// agree, field for field and type for type. Name is the block's label, "" if it has none.
type Runbook struct {
	language.Document

	Appliance       Appliance
	Microphones     []Microphone
	WAVs            []WAV
	Models          []Model
	Listeners       []Listener
	STTs            []STT
	Heartbeats      []Heartbeat
	Webhooks        []Webhook
	Apply           Apply
	Watchdog        Watchdog
	Memory          Memory
	Disk            Disk
	Store           Store
	Web             Web
	Auth            Auth
	Users           []User
	ServiceAccounts []ServiceAccount
}

// Appliance is the device as a whole.
type Appliance struct {
	Address    Address
	Name       string
	StateDir   string        `hcl:"state_dir"` // resolved against Runbook.Dir
	LogLevel   string        `hcl:"log_level"` // debug, info, warn or error
	LogFile    string        `hcl:"log_file"`  // resolved against Runbook.Dir; "" for none
	LogSize    language.Size `hcl:"log_size"`
	LogKeep    int           `hcl:"log_keep"` // files beside LogFile
	InstanceID string        `hcl:"instance_id"`
}

// Microphone selects one input of the machine.
type Microphone struct {
	Address      Address
	Name         string
	Match        string        `hcl:"match"`
	Identity     string        `hcl:"identity"`
	ID           string        `hcl:"id"`
	Backend      string        `hcl:"backend"` // auto, pulse or alsa
	Channels     int           `hcl:"channels"`
	Channel      []int         `hcl:"channel"` // from 0; nil: all of Channels
	StartTimeout time.Duration `hcl:"start_timeout"`
}

// WAV is a sound file that replaces a microphone.
type WAV struct {
	Address Address
	Name    string
	Path    string        `hcl:"path"` // resolved against Runbook.Dir
	Pace    string        `hcl:"pace"` // realtime or fast
	End     string        `hcl:"end"`  // stop, silence or loop
	Gap     time.Duration `hcl:"gap"`
	Channel []int         `hcl:"channel"` // from 0; nil: all
}

// Model is one wake-word model and when it fires.
type Model struct {
	Address       Address
	Name          string
	Source        string        `hcl:"source"`         // "catalog:NAME", an https URL, or a path: see Runbook.Resolve
	SHA256        string        `hcl:"sha256"`         // 64 lower-case hex digits, or ""
	PrivateSource bool          `hcl:"private_source"` // an https URL may lead to a local network
	Threshold     float64       `hcl:"threshold"`
	Cooldown      time.Duration `hcl:"cooldown"`
	Patience      int           `hcl:"patience"` // consecutive hops at or above Threshold
	Topic         string        `hcl:"topic"`
	WakeWord      string        `hcl:"wake_word"`
	Classes       []string      `hcl:"classes"`
	Webhook       Address       `hcl:"webhook"`
	Enabled       bool          `hcl:"enabled"`
}

// Listener is one graph: a device, its models, and what happens next.
type Listener struct {
	Address      Address
	Name         string
	Device       Address   `hcl:"device"`
	Models       []Address `hcl:"models"`
	Deliver      []Address `hcl:"deliver"`
	MultiTrigger bool      `hcl:"multi_trigger"`
	VADThreshold float64   `hcl:"vad_threshold"` // 0 is off
	RMSFilter    float64   `hcl:"rms_filter"`    // int16 scale
	Record       Record    `hcl:"record"`
}

// Record says where an utterance begins and ends.
type Record struct {
	PreRoll          time.Duration `hcl:"pre_roll"`
	Lead             time.Duration `hcl:"lead"` // wait for the command to begin
	Silence          time.Duration `hcl:"silence"`
	Grace            time.Duration `hcl:"grace"`
	Max              time.Duration `hcl:"max"` // PreRoll included
	SilenceThreshold float64       `hcl:"silence_threshold"`
}

// STT is one speech-to-text service.
type STT struct {
	Address       Address
	Name          string
	Protocol      string          `hcl:"protocol"` // orac or exec
	URL           string          `hcl:"url"`
	Streaming     bool            `hcl:"streaming"`
	Language      string          `hcl:"language"`
	Task          string          `hcl:"task"`            // transcribe, translate, or "" for the server's choice
	ForwardToCore *bool           `hcl:"forward_to_core"` // nil: not sent
	Command       []string        `hcl:"command"`
	Strip         []string        `hcl:"strip"` // kinds of markers that are removed from a text
	Timeout       time.Duration   `hcl:"timeout"`
	Token         language.Secret `hcl:"token"`
	MaxRetryDelay time.Duration   `hcl:"max_retry_delay"`
	HealthEvery   time.Duration   `hcl:"health_every"`
	Auth          Address         `hcl:"auth"` // a service account, or ""
	CA            string          `hcl:"ca"`   // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string          `hcl:"client_cert"`
	ClientKey     string          `hcl:"client_key"`
}

// Heartbeat tells a service which wake words are active.
type Heartbeat struct {
	Address   Address
	Name      string
	URL       string        `hcl:"url"` // "" when STT is set: see Runbook.HeartbeatURL
	STT       Address       `hcl:"stt"`
	Every     time.Duration `hcl:"every"`
	Timeout   time.Duration `hcl:"timeout"`
	Listeners []Address     `hcl:"listeners"` // empty: all
	Auth      Address       `hcl:"auth"`      // a service account, or "": see Runbook.HeartbeatAuth
	CA        string        `hcl:"ca"`        // resolved against Runbook.Dir; "" for none
}

// Webhook is called when something happens.
type Webhook struct {
	Address       Address
	Name          string
	URL           language.Template          `hcl:"url"`
	Events        []string                   `hcl:"events"`    // nil: the wakes of the models that name it, in the format of Hey ORAC
	Listeners     []Address                  `hcl:"listeners"` // empty: all
	Method        string                     `hcl:"method"`    // POST, PUT or GET
	Body          language.Template          `hcl:"body"`
	Secret        language.Secret            `hcl:"secret"` // see Webhook.SigningKey
	Timeout       time.Duration              `hcl:"timeout"`
	MaxRetryDelay time.Duration              `hcl:"max_retry_delay"`
	Keep          time.Duration              `hcl:"keep"`
	Queue         language.Size              `hcl:"queue"`
	Headers       map[string]language.Secret `hcl:"headers"`
	CA            string                     `hcl:"ca"` // these paths are resolved against Runbook.Dir; "" for none
	ClientCert    string                     `hcl:"client_cert"`
	ClientKey     string                     `hcl:"client_key"`
}

// Apply says when a changed runbook is kept.
type Apply struct {
	Address    Address
	Name       string
	HealthGate time.Duration `hcl:"health_gate"`
	Keep       int           `hcl:"keep"` // generations
}

// Watchdog bounds how long anything may be stuck and how often it is restarted.
type Watchdog struct {
	Address       Address
	Name          string
	ReadStall     time.Duration `hcl:"read_stall"`
	DegradedAfter time.Duration `hcl:"degraded_after"`
	RMSStuck      time.Duration `hcl:"rms_stuck"`
	SourceCheck   time.Duration `hcl:"source_check"`
	RestartBudget int           `hcl:"restart_budget"`
	Per           time.Duration `hcl:"per"`
	RetryDelay    time.Duration `hcl:"retry_delay"`
	Retries       int           `hcl:"retries"`
	RetrySlow     time.Duration `hcl:"retry_slow"`
	StopDeadline  time.Duration `hcl:"stop_deadline"`
	LeakBudget    int           `hcl:"leak_budget"`
	NodeStall     time.Duration `hcl:"node_stall"`
	LoopLag       time.Duration `hcl:"loop_lag"`
}

// Memory bounds the resident memory, capture child included.
type Memory struct {
	Address Address
	Name    string
	Warn    language.Size `hcl:"warn"`
	Restart language.Size `hcl:"restart"`
	Every   time.Duration `hcl:"every"`
}

// Disk bounds the space for utterances.
type Disk struct {
	Address     Address
	Name        string
	Spool       language.Size `hcl:"spool"`
	KeepFree    language.Size `hcl:"keep_free"`
	MemorySpool language.Size `hcl:"memory_spool"`
}

// Store bounds the history.
type Store struct {
	Address   Address
	Name      string
	Retention time.Duration `hcl:"retention"`
	MaxRows   int           `hcl:"max_rows"`
	KeepAudio bool          `hcl:"keep_audio"`
	AudioSize language.Size `hcl:"audio_size"` // of kept sounds
}
