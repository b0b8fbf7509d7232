package runbook

import (
	"time"

	"orac/runbook/language"
)

// Bounds are the blocks that limit the appliance as a whole.
type Bounds struct {
	Apply    Apply
	Watchdog Watchdog
	Memory   Memory
	Disk     Disk
	Store    Store
}

var bounds = []*language.BlockType{applyBlock, watchdogBlock, memoryBlock, diskBlock, storeBlock}

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

var applyBlock = &language.BlockType{
	Type: "apply", Single: true,
	Doc:  "When a changed runbook counts as good, and how many applied runbooks are kept.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Apply }),
	Example: `apply {
  health_gate = "10s"
}`,
	Attributes: []language.Attribute{
		{Name: "health_gate", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "10s", Min: "1s", Max: "10m",
			Doc: "How long the changed appliance must stay healthy before the change is kept. If it does not, the runbook that ran before returns."},
		{Name: "keep", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "10", Min: "2", Max: "1000", Unit: "generations",
			Doc: "How many applied runbooks are kept for `orac rollback`."},
	},
}

var watchdogBlock = &language.BlockType{
	Type: "watchdog", Single: true,
	Doc: "How long a component may be stuck, and how often it may be restarted. Other checks have settings of their own: stt.health_every " +
		"and heartbeat.every for services, memory.every for memory. Free disk space is compared with disk.keep_free every 10 s.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Watchdog }),
	Example: `watchdog {
  read_stall = "2s"
}`,
	Attributes: []language.Attribute{
		{Name: "read_stall", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2s", Min: "200ms", Max: "60s",
			Doc: "If the last hop is older than this, the capture process is killed and started again."},
		{Name: "degraded_after", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "500ms", Min: "100ms", Max: "10s",
			Doc: "If the last hop is older than this, the device counts as degraded."},
		{Name: "rms_stuck", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How long the microphone may repeat the same sound before it counts as stuck. Silence is not a fault."},
		{Name: "source_check", Kind: language.Duration, Gives: language.Tunes, OnChange: language.Restart, Default: "1s", Min: "200ms", Max: "60s",
			Doc: "How often the capture process checks that it still hears the microphone that it opened. Another device in its place is never used silently."},
		{Name: "restart_budget", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "5", Min: "1", Max: "1000", Unit: "restarts",
			Doc: "How many restarts of one component within `per` are normal. More raise an alert."},
		{Name: "per", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1h", Min: "1m", Max: "24h",
			Doc: "The period over which restart_budget counts."},
		{Name: "retry_delay", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2s", Min: "100ms", Max: "60s",
			Doc: "The pause before a missing device is tried again."},
		{Name: "retries", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "3", Min: "0", Max: "100", Unit: "attempts",
			Doc: "How many attempts use that pause; after them, retry_slow is used."},
		{Name: "retry_slow", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2200ms", Min: "1s", Max: "1h",
			Doc: "The pause between all later attempts. They never end."},
		{Name: "stop_deadline", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "2s", Min: "100ms", Max: "30s",
			Doc: "How long a component may take to stop before it counts as leaked."},
		{Name: "leak_budget", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "3", Min: "1", Max: "100", Unit: "components",
			Doc: "How many components may leak before the appliance restarts itself. Nothing is lost."},
		{Name: "node_stall", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "5s", Min: "1s", Max: "10m",
			Doc: "How long a component may leave waiting sound or a full mailbox untouched. After that it counts as stuck and is restarted."},
		{Name: "loop_lag", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "1s", Min: "100ms", Max: "60s",
			Doc: "How late a timer may fire before the whole process counts as stalled."},
	},
	Rules: []language.Rule{
		language.LessThan("degraded_after", "read_stall", "A device must count as degraded before its process is killed."),
		language.NotMoreThan("retry_delay", "retry_slow", "The first attempts must follow each other faster than the later ones."),
	},
}

var memoryBlock = &language.BlockType{
	Type: "memory", Single: true,
	Doc:  "How much resident memory the appliance may use, including the capture process.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Memory }),
	Example: `memory {
  warn    = "400MiB"
  restart = "450MiB"
}`,
	Attributes: []language.Attribute{
		{Name: "warn", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "400MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size at which a warning is raised."},
		{Name: "restart", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "450MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size at which the appliance restarts itself. Nothing is lost."},
		{Name: "every", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "5m", Min: "10s", Max: "1h",
			Doc: "How often memory is measured."},
	},
	Rules: []language.Rule{language.LessThan("warn", "restart", "A warning comes before the restart.")},
}

var diskBlock = &language.BlockType{
	Type: "disk", Single: true,
	Doc:  "How much disk space utterances may use while they wait for delivery.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Disk }),
	Example: `disk {
  spool     = "512MiB"
  keep_free = "64MiB"
}`,
	Attributes: []language.Attribute{
		{Name: "spool", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "512MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most space that waiting utterances may use. When it is full, the oldest is deleted; this is counted and logged."},
		{Name: "keep_free", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "64MiB", Min: "0B", Max: "1TiB",
			Doc: "The space to leave free on the disk."},
		{Name: "memory_spool", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "16MiB", Min: "1MiB", Max: "1GiB",
			Doc: "The most memory that utterances may use while they cannot be written to the disk."},
	},
}

var storeBlock = &language.BlockType{
	Type: "store", Single: true,
	Doc:  "How much history to keep: detections, utterances, transcripts, deliveries and incidents.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Store }),
	Example: `store {
  retention = "30d"
}`,
	Attributes: []language.Attribute{
		{Name: "retention", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "30d", Min: "1h", Max: "365d",
			Doc: "How long a row is kept. Only time that ORAC ran counts, so that a clock that jumps deletes nothing. The time between two runs counts too if the clock was synchronised with the network before it, and again within 10 minutes of the start."},
		{Name: "max_rows", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "100000", Min: "100", Max: "10000000", Unit: "rows",
			Doc: "How many rows of each kind to keep."},
		{Name: "keep_audio", Kind: language.Bool, Gives: language.Tunes, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the sound of a delivered utterance is kept as long as its row. When you switch this off, sounds kept before are deleted."},
		{Name: "audio_size", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "256MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most space that kept sounds may use. The oldest are deleted first."},
	},
}
