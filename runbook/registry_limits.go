package runbook

var applyBlock = &BlockType{
	Type: "apply", Single: true,
	Doc:  "When a changed runbook counts as good, and how many of them are kept to return to.",
	Slot: Into(func(rb *Runbook) any { return &rb.Apply }),
	Example: `apply {
  health_gate = "10s"
}`,
	Attributes: []Attribute{
		{Name: "health_gate", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "10s", Min: "1s", Max: "10m",
			Doc: "How long the changed appliance must be healthy before the change is kept; else it returns to what ran before."},
		{Name: "keep", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "10", Min: "2", Max: "1000", Unit: "generations",
			Doc: "How many applied runbooks are kept for `orac rollback`."},
	},
}

var watchdogBlock = &BlockType{
	Type: "watchdog", Single: true,
	Doc: "How long anything may be stuck, and how often it is restarted. Whether services answer is asked as stt.health_every and " +
		"heartbeat.every say, memory is measured as memory.every says, and space on the disk every 10 s against disk.keep_free.",
	Slot: Into(func(rb *Runbook) any { return &rb.Watchdog }),
	Example: `watchdog {
  read_stall = "2s"
}`,
	Attributes: []Attribute{
		{Name: "read_stall", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "200ms", Max: "60s",
			Doc: "The age of the last hop at which the capture process is killed and started again."},
		{Name: "degraded_after", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "500ms", Min: "100ms", Max: "10s",
			Doc: "The age of the last hop at which the device counts as degraded."},
		{Name: "rms_stuck", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30s", Min: "5s", Max: "10m",
			Doc: "How long frames may be identical and not silent before the microphone counts as stuck. Silence is no fault."},
		{Name: "source_check", Kind: Duration, Gives: Tunes, OnChange: Restart, Default: "1s", Min: "200ms", Max: "60s",
			Doc: "How often the capture process looks whether the microphone that it opened is still the one. Another in its place is never taken silently."},
		{Name: "restart_budget", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "5", Min: "1", Max: "1000", Unit: "restarts",
			Doc: "How many restarts of one component within `per` are normal; more raise an alert."},
		{Name: "per", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "1h", Min: "1m", Max: "24h",
			Doc: "The time that restart_budget counts in."},
		{Name: "retry_delay", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "100ms", Max: "60s",
			Doc: "The pause before a device that is missing is tried again."},
		{Name: "retries", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "3", Min: "0", Max: "100", Unit: "attempts",
			Doc: "How many attempts are made with that pause before retry_slow is used."},
		{Name: "retry_slow", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2200ms", Min: "1s", Max: "1h",
			Doc: "The pause between attempts after that, for ever."},
		{Name: "stop_deadline", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "2s", Min: "100ms", Max: "30s",
			Doc: "How long a component may take to stop before it counts as leaked."},
		{Name: "leak_budget", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "3", Min: "1", Max: "100", Unit: "components",
			Doc: "How many components may leak before the appliance starts itself anew, losing nothing."},
		{Name: "node_stall", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "5s", Min: "1s", Max: "10m",
			Doc: "How long a component may take nothing of the sound that waits for it, or out of any full mailbox, before it counts as stuck and is started again."},
		{Name: "loop_lag", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "1s", Min: "100ms", Max: "60s",
			Doc: "How late a timer may fire before the whole process counts as held up."},
	},
	Rules: []Rule{
		LessThan("degraded_after", "read_stall", "A device is degraded before its process is killed."),
		NotMoreThan("retry_delay", "retry_slow", "The first attempts come faster than the later ones."),
	},
}

var memoryBlock = &BlockType{
	Type: "memory", Single: true,
	Doc:  "How much resident memory the appliance may take, the capture process included.",
	Slot: Into(func(rb *Runbook) any { return &rb.Memory }),
	Example: `memory {
  warn    = "400MiB"
  restart = "450MiB"
}`,
	Attributes: []Attribute{
		{Name: "warn", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "400MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size that raises a warning."},
		{Name: "restart", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "450MiB", Min: "16MiB", Max: "1TiB",
			Doc: "The size at which the appliance restarts itself, losing nothing."},
		{Name: "every", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "5m", Min: "10s", Max: "1h",
			Doc: "How often memory is measured."},
	},
	Rules: []Rule{LessThan("warn", "restart", "A warning comes before the restart.")},
}

var diskBlock = &BlockType{
	Type: "disk", Single: true,
	Doc:  "How much disk utterances may take while they wait to be delivered.",
	Slot: Into(func(rb *Runbook) any { return &rb.Disk }),
	Example: `disk {
  spool     = "512MiB"
  keep_free = "64MiB"
}`,
	Attributes: []Attribute{
		{Name: "spool", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "512MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most that waiting utterances may take; when it is full the oldest goes, counted and logged."},
		{Name: "keep_free", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "64MiB", Min: "0B", Max: "1TiB",
			Doc: "The space that is left free on the disk."},
		{Name: "memory_spool", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "16MiB", Min: "1MiB", Max: "1GiB",
			Doc: "The most that utterances may take in memory while the disk refuses them."},
	},
}

var storeBlock = &BlockType{
	Type: "store", Single: true,
	Doc:  "How much history is kept: detections, utterances, transcripts, deliveries, incidents.",
	Slot: Into(func(rb *Runbook) any { return &rb.Store }),
	Example: `store {
  retention = "30d"
}`,
	Attributes: []Attribute{
		{Name: "retention", Kind: Duration, Gives: Tunes, OnChange: InPlace, Default: "30d", Min: "1h", Max: "365d",
			Doc: "How long a row is kept. It is measured by the time that ORAC has run, and the time between two runs counts if the network has proven the clock before it, and at the latest ten minutes after the start: a clock that jumps deletes nothing."},
		{Name: "max_rows", Kind: Int, Gives: Tunes, OnChange: InPlace, Default: "100000", Min: "100", Max: "10000000", Unit: "rows",
			Doc: "How many rows are kept of each kind."},
		{Name: "keep_audio", Kind: Bool, Gives: Tunes, OnChange: InPlace, Default: "false",
			Doc: "Whether the sound of a delivered utterance is kept as long as its row. Without it, what was kept goes."},
		{Name: "audio_size", Kind: ByteSize, Gives: Tunes, OnChange: InPlace, Default: "256MiB", Min: "1MiB", Max: "1TiB",
			Doc: "The most that kept sounds may take; the oldest go first."},
	},
}
