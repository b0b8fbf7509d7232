package runbook

var applyBlock = &BlockType{
	Type: "apply", Single: true,
	Doc:  "When a changed runbook counts as good, and how many applied runbooks are kept.",
	Slot: Into(func(rb *Runbook) any { return &rb.Apply }),
	Example: `apply {
  health_gate = "10s"
}`,
	Attributes: []Attribute{
		{Name: "health_gate", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "10s", Min: "1s", Max: "10m",
			Doc: "How long the changed appliance must stay healthy before the change is kept. If it does not, the runbook that ran before returns."},
		{Name: "keep", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "10", Min: "2", Max: "1000", Unit: "generations",
			Doc: "How many applied runbooks are kept for `orac rollback`."},
	},
}

var watchdogBlock = &BlockType{
	Type: "watchdog", Single: true,
	Doc: "How long a component may be stuck, and how often it may be restarted. Other checks have settings of their own: stt.health_every " +
		"and heartbeat.every for services, memory.every for memory. Free disk space is compared with disk.keep_free every 10 s.",
	Slot: Into(func(rb *Runbook) any { return &rb.Watchdog }),
	Example: `watchdog {
  read_stall = "2s"
}`,
	Attributes: []Attribute{
		{Name: "read_stall", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "200ms", Max: "60s",
			Doc: "If the last hop is older than this, the capture process is killed and started again."},
		{Name: "degraded_after", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "500ms", Min: "100ms", Max: "10s",
			Doc: "If the last hop is older than this, the device counts as degraded."},
		{Name: "rms_stuck", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How long the microphone may repeat the same sound before it counts as stuck. Silence is not a fault."},
		{Name: "source_check", Kind: Duration, Gives: Tunes, OnChange: Restart, Default: "1s", Min: "200ms", Max: "60s",
			Doc: "How often the capture process checks that it still hears the microphone that it opened. Another device in its place is never used silently."},
		{Name: "restart_budget", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "5", Min: "1", Max: "1000", Unit: "restarts",
			Doc: "How many restarts of one component within `per` are normal. More raise an alert."},
		{Name: "per", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "1h", Min: "1m", Max: "24h",
			Doc: "The period over which restart_budget counts."},
		{Name: "retry_delay", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "100ms", Max: "60s",
			Doc: "The pause before a missing device is tried again."},
		{Name: "retries", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "3", Min: "0", Max: "100", Unit: "attempts",
			Doc: "How many attempts use that pause; after them, retry_slow is used."},
		{Name: "retry_slow", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2200ms", Min: "1s", Max: "1h",
			Doc: "The pause between all later attempts. They never end."},
		{Name: "stop_deadline", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "100ms", Max: "30s",
			Doc: "How long a component may take to stop before it counts as leaked."},
		{Name: "leak_budget", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "3", Min: "1", Max: "100", Unit: "components",
			Doc: "How many components may leak before the appliance restarts itself. Nothing is lost."},
		{Name: "node_stall", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "5s", Min: "1s", Max: "10m",
			Doc: "How long a component may leave waiting sound or a full mailbox untouched. After that it counts as stuck and is restarted."},
		{Name: "loop_lag", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "1s", Min: "100ms", Max: "60s",
			Doc: "How late a timer may fire before the whole process counts as stalled."},
	},
	Rules: []Rule{
		LessThan("degraded_after", "read_stall", "A device must count as degraded before its process is killed."),
		NotMoreThan("retry_delay", "retry_slow", "The first attempts must follow each other faster than the later ones."),
	},
}

var memoryBlock = &BlockType{
	Type: "memory", Single: true,
	Doc:  "How much resident memory the appliance may use, including the capture process.",
	Slot: Into(func(rb *Runbook) any { return &rb.Memory }),
	Example: `memory {
  warn    = "400MiB"
  restart = "450MiB"
}`,
	Attributes: []Attribute{
		{Name: "warn", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "400MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size at which a warning is raised."},
		{Name: "restart", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "450MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size at which the appliance restarts itself. Nothing is lost."},
		{Name: "every", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "5m", Min: "10s", Max: "1h",
			Doc: "How often memory is measured."},
	},
	Rules: []Rule{LessThan("warn", "restart", "A warning comes before the restart.")},
}

var diskBlock = &BlockType{
	Type: "disk", Single: true,
	Doc:  "How much disk space utterances may use while they wait for delivery.",
	Slot: Into(func(rb *Runbook) any { return &rb.Disk }),
	Example: `disk {
  spool     = "512MiB"
  keep_free = "64MiB"
}`,
	Attributes: []Attribute{
		{Name: "spool", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "512MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most space that waiting utterances may use. When it is full, the oldest is deleted; this is counted and logged."},
		{Name: "keep_free", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "64MiB", Min: "0B", Max: "1TiB",
			Doc: "The space to leave free on the disk."},
		{Name: "memory_spool", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "16MiB", Min: "1MiB", Max: "1GiB",
			Doc: "The most memory that utterances may use while they cannot be written to the disk."},
	},
}

var storeBlock = &BlockType{
	Type: "store", Single: true,
	Doc:  "How much history to keep: detections, utterances, transcripts, deliveries and incidents.",
	Slot: Into(func(rb *Runbook) any { return &rb.Store }),
	Example: `store {
  retention = "30d"
}`,
	Attributes: []Attribute{
		{Name: "retention", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30d", Min: "1h", Max: "365d",
			Doc: "How long a row is kept. Only time that ORAC ran counts, so that a clock that jumps deletes nothing. The time between two runs counts too if the clock was synchronised with the network before and after it."},
		{Name: "max_rows", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "100000", Min: "100", Max: "10000000", Unit: "rows",
			Doc: "How many rows of each kind to keep."},
		{Name: "keep_audio", Kind: Bool, Gives: Tunes, OnChange: InPlace, Default: "false",
			Doc: "Whether the sound of a delivered utterance is kept as long as its row. When you switch this off, sounds kept before are deleted."},
		{Name: "audio_size", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "256MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most space that kept sounds may use. The oldest are deleted first."},
	},
}
