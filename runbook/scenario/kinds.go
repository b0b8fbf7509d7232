package scenario

// Kind is what a fault breaks, and how.
type Kind string

// The kinds of faults. If a fault breaks a device, Target is the device's name in the runbook.
const (
	ReadBlocks  Kind = "read_blocks"  // the read in the capture process blocks for ever, until that process is replaced
	OpenHangs   Kind = "open_hangs"   // opening the device hangs while the fault lasts
	ListHangs   Kind = "list_hangs"   // looking for devices hangs while the fault lasts
	Drops       Kind = "drops"        // a share of the hops is lost
	ShortReads  Kind = "short_reads"  // the device returns pieces of hops: the hops come late, but whole
	WrongRate   Kind = "wrong_rate"   // the device delivers sound too fast or too slowly
	Stuck       Kind = "stuck"        // hops are bit-identical and not silent
	Silence     Kind = "silence"      // hops are digital silence; no fault
	Noise       Kind = "noise"        // loud noise; no fault
	Clipping    Kind = "clipping"     // sound at full scale; no fault
	Unplug      Kind = "unplug"       // the device disappears and comes back, renumbered
	Suspended   Kind = "suspended"    // the device is there, but the audio server delivers no sound from it
	AudioDown   Kind = "audio_down"   // the audio server is away, and all devices with it
	WorkerKill  Kind = "worker_kill"  // the capture process ends
	WorkerStop  Kind = "worker_stop"  // the capture process is frozen
	WorkerTrash Kind = "worker_trash" // the capture process writes malformed frames

	STTDown         Kind = "stt_down"         // connections are refused
	STTSlow         Kind = "stt_slow"         // answers Delay later
	STTReset        Kind = "stt_reset"        // connections are reset halfway
	STTEmpty        Kind = "stt_empty"        // answers with empty text
	STTTrash        Kind = "stt_trash"        // answers are malformed
	STTLies         Kind = "stt_lies"         // answers "[Transcription Failed: …]"
	STTLate         Kind = "stt_late"         // accepts the utterance and answers after the timeout
	STTUnauthorized Kind = "stt_unauthorized" // 401
	STTHolds        Kind = "stt_holds"        // streams never end
	STTCut          Kind = "stt_cut"          // connections are closed properly, but halfway through an answer
	STTCorrupt      Kind = "stt_corrupt"      // bytes of answers change on the way
	STTSilent       Kind = "stt_silent"       // connections are accepted, but nothing is ever sent: a black hole
	STTPoison       Kind = "stt_poison"       // one utterance fails for as long as the fault lasts; all others are answered
	STTEngine       Kind = "stt_engine"       // its engine fails, which over HTTP looks like silence
	STTStopped      Kind = "stt_stopped"      // stopped, and later continued with what it has
	STTEnds         Kind = "stt_ends"         // ends after it has done the work and before it answers
	STTNoStream     Kind = "stt_no_stream"    // streaming is switched off there; no fault
	NetDown         Kind = "net_down"         // the appliance has no network
	HeartbeatDown   Kind = "heartbeat_down"
	HeartbeatNo     Kind = "heartbeat_refused"
	WebhookSlow     Kind = "webhook_slow"
	WebhookDown     Kind = "webhook_down"
	WebhookRefused  Kind = "webhook_refused" // 401
	WebhookGone     Kind = "webhook_gone"    // 410: it no longer exists
	WebhookPoison   Kind = "webhook_poison"  // one event fails for as long as the fault lasts; all others are accepted
	WebhookFlood    Kind = "webhook_flood"   // answers 200 and 1 GB

	DiskFull     Kind = "disk_full"
	DiskReadOnly Kind = "disk_read_only"
	DiskError    Kind = "disk_error" // input/output error
	DiskSlow     Kind = "disk_slow"

	NodePanic   Kind = "node_panic"  // a node dies
	NodeStarve  Kind = "node_starve" // a node does not run
	CPUStarve   Kind = "cpu_starve"  // the appliance does not run
	Descriptors Kind = "descriptors" // the process can open no more files and connections
	MemoryLeak  Kind = "memory_leak" // Size a minute, until the process is replaced
	MemoryRise  Kind = "memory_rise" // Size at once, until the process is replaced

	PowerLoss   Kind = "power_loss"    // everything that is not synced is lost; the appliance starts again after For
	Kill        Kind = "kill"          // the process ends (kill -9) and starts again after For
	OutOfMemory Kind = "out_of_memory" // the kernel ends the process because of its memory; it starts again after For
	ClockJump   Kind = "clock_jump"
	Apply       Kind = "apply" // a change is applied
)
