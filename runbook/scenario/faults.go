package scenario

import (
	"math/rand/v2"
	"slices"
	"time"

	"orac/runbook/language"
)

// The kinds of faults. The table below says what each one is.
const (
	ReadBlocks  Kind = "read_blocks"
	OpenHangs   Kind = "open_hangs"
	ListHangs   Kind = "list_hangs"
	Drops       Kind = "drops"
	ShortReads  Kind = "short_reads"
	WrongRate   Kind = "wrong_rate"
	Stuck       Kind = "stuck"
	Silence     Kind = "silence"
	Noise       Kind = "noise"
	Clipping    Kind = "clipping"
	Unplug      Kind = "unplug"
	Suspended   Kind = "suspended"
	AudioDown   Kind = "audio_down"
	WorkerKill  Kind = "worker_kill"
	WorkerStop  Kind = "worker_stop"
	WorkerTrash Kind = "worker_trash"

	PlayerKill    Kind = "player_kill"
	PlayerStop    Kind = "player_stop"
	PlayerTrash   Kind = "player_trash"
	SpeakerUnplug Kind = "speaker_unplug"
	TTSDown       Kind = "tts_down"
	TTSSlow       Kind = "tts_slow"
	TTSTrash      Kind = "tts_trash"

	HomeGone   Kind = "home_gone"
	HomeHangs  Kind = "home_hangs"
	HomeTwice  Kind = "home_twice"
	HomeCrowd  Kind = "home_crowd"
	HomeTrash  Kind = "home_trash"
	SoundStall Kind = "sound_stall"
	MDNSLost   Kind = "mdns_lost"

	STTDown          Kind = "stt_down"
	STTSlow          Kind = "stt_slow"
	STTReset         Kind = "stt_reset"
	STTEmpty         Kind = "stt_empty"
	STTTrash         Kind = "stt_trash"
	STTLies          Kind = "stt_lies"
	STTLate          Kind = "stt_late"
	STTUnauthorized  Kind = "stt_unauthorized"
	STTHolds         Kind = "stt_holds"
	STTCut           Kind = "stt_cut"
	STTCorrupt       Kind = "stt_corrupt"
	STTSilent        Kind = "stt_silent"
	STTPoison        Kind = "stt_poison"
	STTEngine        Kind = "stt_engine"
	STTStopped       Kind = "stt_stopped"
	STTEnds          Kind = "stt_ends"
	STTNoStream      Kind = "stt_no_stream"
	NetDown          Kind = "net_down"
	EngineDies       Kind = "engine_dies"
	EngineHangs      Kind = "engine_hangs"
	EngineMemory     Kind = "engine_memory"
	EngineTrash      Kind = "engine_trash"
	EngineSlow       Kind = "engine_slow"
	EngineBroken     Kind = "engine_broken"
	WyomingUnread    Kind = "wyoming_unread"
	WyomingTrash     Kind = "wyoming_trash"
	HeartbeatDown    Kind = "heartbeat_down"
	HeartbeatRefused Kind = "heartbeat_refused"
	WebhookSlow      Kind = "webhook_slow"
	WebhookDown      Kind = "webhook_down"
	WebhookRefused   Kind = "webhook_refused"
	WebhookGone      Kind = "webhook_gone"
	WebhookPoison    Kind = "webhook_poison"
	WebhookFlood     Kind = "webhook_flood"

	CollectorDown    Kind = "collector_down"
	CollectorSlow    Kind = "collector_slow"
	CollectorError   Kind = "collector_error"
	CollectorDenied  Kind = "collector_denied"
	CollectorFlood   Kind = "collector_flood"
	BrokerDown       Kind = "broker_down"
	BrokerDenied     Kind = "broker_denied"
	BrokerFlaps      Kind = "broker_flaps"
	BrokerSlow       Kind = "broker_slow"
	BrokerTrash      Kind = "broker_trash"
	CoreDown         Kind = "core_down"
	CoreSlow         Kind = "core_slow"
	CoreUnauthorized Kind = "core_unauthorized"
	CoreEnds         Kind = "core_ends"

	BackendDown         Kind = "backend_down"
	BackendSlow         Kind = "backend_slow"
	BackendUnauthorized Kind = "backend_unauthorized"
	BackendEnds         Kind = "backend_ends"
	BackendStuck        Kind = "backend_stuck"
	ModelDown           Kind = "model_down"
	ModelSlow           Kind = "model_slow"
	ModelHangs          Kind = "model_hangs"
	ModelTrash          Kind = "model_trash"

	IssuerDown        Kind = "issuer_down"
	IssuerSlow        Kind = "issuer_slow"
	IssuerRefuses     Kind = "issuer_refuses"
	IssuerKeysRotated Kind = "issuer_keys_rotated"

	DiskFull     Kind = "disk_full"
	DiskReadOnly Kind = "disk_read_only"
	DiskError    Kind = "disk_error"
	DiskSlow     Kind = "disk_slow"

	NodePanic   Kind = "node_panic"
	NodeStarve  Kind = "node_starve"
	CPUStarve   Kind = "cpu_starve"
	Descriptors Kind = "descriptors"
	MemoryLeak  Kind = "memory_leak"
	MemoryRise  Kind = "memory_rise"

	PowerLoss   Kind = "power_loss"
	Kill        Kind = "kill"
	OutOfMemory Kind = "out_of_memory"
	ClockJump   Kind = "clock_jump"
	Mute        Kind = "mute"
	Apply       Kind = "apply"
	Push        Kind = "push"
)

// kinds is the table of all kinds of faults, in the order of the documentation. Everything that must know the kinds reads it, or
// is checked against it.
var kinds = []Info{
	{Kind: ReadBlocks, Family: deaf, Target: Device, Blow: Frozen, Doc: "A read in the capture process blocks until the process is replaced."},
	{Kind: OpenHangs, Family: dim, Target: Device, Lasts: true, Doc: "The device is lost, and opening it again hangs."},
	{Kind: ListHangs, Family: dim, Lasts: true, Doc: "Listing the devices hangs.",
		Unreal: "an audio server that answers a reader also answers a list; open_hangs stops both"},
	{Kind: Drops, Family: dim, Target: Device, Lasts: true, Doc: "Some of the hops are lost.",
		more:  []language.Attribute{extra("rate", language.Float, "0.3", "0.001", "1", "The share of hops that are lost.")},
		drawn: func(r *rand.Rand, f *Fault) { f.Rate = 0.02 + 0.2*r.Float64() }},
	{Kind: ShortReads, Family: dim, Target: Device, Lasts: true, Doc: "The device returns parts of hops. Nothing is missing, but it arrives late."},
	{Kind: WrongRate, Family: dim, Target: Device, Lasts: true, Doc: "The device delivers sound too fast or too slowly.",
		more:  []language.Attribute{extra("rate", language.Float, "0.9", "0.1", "10", "The factor. Below 1, sound comes too slowly.")},
		drawn: func(r *rand.Rand, f *Fault) { f.Rate = 0.8 + 0.4*r.Float64() }},
	{Kind: Stuck, Family: deaf, Target: Device, Lasts: true, duration: "60s", Doc: "The same hop repeats, bit for bit, and is not silent."},
	{Kind: Silence, Family: dim, Target: Device, Lasts: true, Harmless: true, Doc: "The device delivers digital silence. This is harmless: nothing may be restarted.",
		How: "zeros", Sound: func(pcm []int16, _ int) { clear(pcm) }},
	{Kind: Noise, Family: dim, Target: Device, Lasts: true, Harmless: true, Doc: "The device delivers loud noise. This is harmless."},
	{Kind: Clipping, Family: dim, Target: Device, Lasts: true, Harmless: true, Doc: "The sound clips at full scale. This is harmless.",
		How: "full scale by the sign of each sample", Sound: func(pcm []int16, _ int) {
			for i, v := range pcm {
				pcm[i] = 32767
				if v < 0 {
					pcm[i] = -32768
				}
			}
		}},
	{Kind: Unplug, Family: deaf, Target: Device, Lasts: true, duration: "5s", Doc: "The device is unplugged. When it returns, it has a different number.",
		more:  []language.Attribute{{Name: "other", Kind: language.Bool, Default: "false", Doc: "Whether another device takes its place and number meanwhile."}},
		drawn: func(r *rand.Rand, f *Fault) { f.Other = r.IntN(2) == 0 }},
	{Kind: Suspended, Family: deaf, Target: Device, Lasts: true, Doc: "The device is listed and can be opened, but the audio server delivers no sound from it."},
	{Kind: AudioDown, Family: deaf, Lasts: true, duration: "5s", Doc: "The audio server is gone, and so are all of its devices."},
	{Kind: WorkerKill, Family: deaf, Target: Device, Blow: Killed, Doc: "The capture process dies."},
	{Kind: WorkerStop, Family: deaf, Target: Device, Blow: Frozen, Doc: "The capture process is frozen until it is replaced."},
	{Kind: WorkerTrash, Family: deaf, Target: Device, Blow: Garbled, Doc: "The capture process writes malformed frames."},

	{Kind: PlayerKill, Family: loudspeaker, Target: SpeakerTarget, Blow: Killed, Doc: "The playback process dies."},
	{Kind: PlayerStop, Family: loudspeaker, Target: SpeakerTarget, Blow: Frozen, Doc: "The playback process is frozen until it is replaced."},
	{Kind: PlayerTrash, Family: loudspeaker, Target: SpeakerTarget, Blow: Garbled, Doc: "The playback process writes malformed frames."},
	{Kind: SpeakerUnplug, Family: loudspeaker, Target: SpeakerTarget, Lasts: true, duration: "5s", Doc: "The speaker is unplugged."},
	{Kind: TTSDown, Family: synthesis, Target: TTSTarget, Lasts: true, Refuses: true, Doc: "What speaks texts refuses connections."},
	{Kind: TTSSlow, Family: synthesis, Target: TTSTarget, Lasts: true, Late: true, Doc: "It answers late.", more: delay("10s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(100+r.IntN(12_000)) * time.Millisecond }},
	{Kind: TTSTrash, Family: synthesis, Target: TTSTarget, Lasts: true, Doc: "It answers with what is no sound."},

	{Kind: HomeGone, Family: satellite, Target: ESPHomeTarget, Lasts: true, Doc: "The Home Assistant of a satellite goes away. It comes back after `for`.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "idle", Values: []string{"idle", Asked, Listening, Thinking, Answering},
			Doc: "When it goes: idle is at once, asked when it is asked for the next run and has not answered, listening while it listens to a command, thinking when it has understood one, answering while its answer is heard."}}},
	{Kind: HomeHangs, Family: satellite, Target: ESPHomeTarget, Lasts: true, Doc: "The Home Assistant of a satellite never ends a run.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: Thinking, Values: []string{Asked, Listening, Thinking, Answering},
			Doc: "Where it stops: asked does not answer the request, listening hears no end of a command, thinking has understood a command and does not answer, answering gives an answer and does not end the run."}}},
	{Kind: HomeTwice, Family: satellite, Target: ESPHomeTarget, Lasts: true, Harmless: true, Doc: "The Home Assistant of a satellite says everything twice. This is harmless: an answer is heard once."},
	{Kind: HomeCrowd, Family: satellite, Target: ESPHomeTarget, Lasts: true, Doc: "A second Home Assistant connects to the satellite, wants to serve it, and leaves, again and again."},
	{Kind: HomeTrash, Family: satellite, Target: ESPHomeTarget, Lasts: true, Harmless: true, Doc: "The Home Assistant of a satellite says what fits nothing that was asked: events of no run, ends of runs that are over, sounds without an address, timers that nobody set. This is harmless: nothing is heard of it."},
	{Kind: SoundStall, Family: sounding, Target: ESPHomeTarget, Lasts: true, Doc: "The sounds that Home Assistant serves stop in the middle: nothing more comes, and the connection stays open."},
	{Kind: MDNSLost, Family: satellite, Target: ESPHomeTarget, Lasts: true, Harmless: true, duration: "5m", Doc: "Announcements on the network are lost. A Home Assistant that has lost its satellite tries to connect more and more seldom, at least once a minute.",
		Unreal: "the satellite of a live appliance is served on loopback, where nothing is announced"},

	{Kind: STTDown, Family: service, Target: STTTarget, Lasts: true, Refuses: true, Doc: "The service refuses connections."},
	{Kind: STTSlow, Family: service, Target: STTTarget, Lasts: true, Late: true, Doc: "It answers late.", more: delay("5s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(20)) * time.Second }},
	{Kind: STTReset, Family: service, Target: STTTarget, Lasts: true, Doc: "It resets connections in the middle of a request."},
	{Kind: STTEmpty, Family: service, Target: STTTarget, Lasts: true, Doc: "It answers with empty text."},
	{Kind: STTTrash, Family: service, Target: STTTarget, Lasts: true, Doc: "It sends malformed answers."},
	{Kind: STTLies, Family: service, Target: STTTarget, Lasts: true, Doc: "It returns \"[Transcription Failed: …]\" as if it were what was said."},
	{Kind: STTLate, Family: service, Target: STTTarget, Lasts: true, Doc: "It accepts the utterance and answers after the client has stopped waiting."},
	{Kind: STTUnauthorized, Family: service, Target: STTTarget, Lasts: true, Status: 401, Doc: "It answers 401."},
	{Kind: STTHolds, Family: service, Target: STTTarget, Lasts: true, Doc: "Its streams never end."},
	{Kind: STTCut, Family: service, Target: STTTarget, Lasts: true, Doc: "Connections end in the middle of an answer, as if the answer were complete."},
	{Kind: STTCorrupt, Family: service, Target: STTTarget, Lasts: true, Doc: "Some bytes of its answers are changed on the way."},
	{Kind: STTSilent, Family: service, Target: STTTarget, Lasts: true, Doc: "It accepts connections but never sends anything, like behind a firewall that drops packets."},
	{Kind: STTPoison, Family: service, Target: STTTarget, Lasts: true, Doc: "It fails on one utterance, the first that it receives, however often it is sent again. It answers all others, and reports that it is healthy.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "error", Values: []string{"error", "hang", "reset"},
			Doc: "How it fails: error answers 500, hang never answers, reset ends the connection at the same byte."}}},
	{Kind: STTEngine, Family: service, Target: STTTarget, Lasts: true, duration: "2m",
		Doc: "Its engine fails while it reports that it is healthy. It answers a stream with \"[Transcription Failed: …]\" and a request with 200 and an empty text, as if nobody had spoken."},
	{Kind: STTStopped, Family: service, Target: STTTarget, Lasts: true, Doc: "It is stopped, as by SIGSTOP. Connections and sound still arrive, and it processes them when it continues, even for clients that have gone."},
	{Kind: STTEnds, Family: service, Target: STTTarget, Lasts: true, Doc: "It receives a whole utterance and acts on it, but the connection ends before the answer."},
	{Kind: STTNoStream, Family: service, Target: STTTarget, Lasts: true, Harmless: true, duration: "5m",
		Doc: "Its streaming is switched off: it refuses streams with 403, and its health says so. This is harmless: utterances are sent by HTTP."},
	{Kind: NetDown, Family: service, Lasts: true, Doc: "The appliance has no network: it reaches no service, and open connections fall silent."},
	{Kind: EngineDies, Family: engine, Target: EngineTarget, Blow: Killed, Doc: "The process of the engine dies."},
	{Kind: EngineHangs, Family: engine, Target: EngineTarget, Blow: Frozen, Doc: "The process of the engine is frozen until it is replaced."},
	{Kind: EngineMemory, Family: engine, Target: EngineTarget, Doc: "The process of the engine takes a block of memory and keeps it until it is replaced.",
		more:  []language.Attribute{extra("size", language.ByteSize, "500MiB", "1KiB", "100GiB", "How much memory.")},
		drawn: func(r *rand.Rand, f *Fault) { f.Size = language.Size(50+r.IntN(600)) << 20 }},
	{Kind: EngineTrash, Family: engine, Target: EngineTarget, Blow: Garbled, Doc: "The process of the engine writes malformed answers."},
	{Kind: EngineSlow, Family: engine, Target: EngineTarget, Lasts: true, Doc: "The engine takes longer for each sound.", more: delay("3s", "How much longer it takes."),
		Unreal: "nothing outside can make one process slower by a given time; cpu_starve slows the appliance and its children",
		drawn:  func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(100+r.IntN(12_000)) * time.Millisecond }},
	{Kind: EngineBroken, Family: engine, Target: EngineTarget, Lasts: true, Doc: "The model of the engine cannot be loaded: every process ends while it tries.",
		Unreal: "the files of the models belong to all runs on a machine"},
	{Kind: WyomingUnread, Family: visitors, Target: WyomingTarget, Lasts: true, Harmless: true, duration: "30s",
		Doc: "Clients of a Wyoming service take its places for sound, send one sound after the other, and never read an answer. This is harmless: they are sent away, and the microphone goes first."},
	{Kind: WyomingTrash, Family: visitors, Target: WyomingTarget, Lasts: true, Harmless: true, duration: "30s", Doc: "Clients of a Wyoming service do what no client should. This is harmless.",
		Unmodelled: "the sockets of Wyoming services are no part of the simulation", Apart: "only a live appliance has the sockets that it is about",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "nonsense", Values: []string{"nonsense", "lengths", "stall", "crowd"},
			Doc: "What they do: nonsense sends lines that are no events, lengths announces data of 2^40 bytes, stall begins an event and never ends it, crowd opens connections without end and says nothing."}}},
	{Kind: HeartbeatDown, Family: heartbeat, Target: HeartbeatTarget, Lasts: true, Refuses: true, Doc: "The heartbeat's server refuses connections."},
	{Kind: HeartbeatRefused, Family: heartbeat, Target: HeartbeatTarget, Lasts: true, Status: 401, Doc: "It answers heartbeats with 401."},
	{Kind: WebhookSlow, Family: webhook, Target: WebhookTarget, Lasts: true, Late: true, Doc: "The webhook answers late.", more: delay("10s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(20)) * time.Second }},
	{Kind: WebhookDown, Family: webhook, Target: WebhookTarget, Lasts: true, Refuses: true, Doc: "The webhook refuses connections."},
	{Kind: WebhookRefused, Family: webhook, Target: WebhookTarget, Lasts: true, Status: 401, Doc: "It answers 401."},
	{Kind: WebhookGone, Family: webhook, Target: WebhookTarget, Lasts: true, Status: 410, Doc: "It answers 410 (gone). Nothing more is sent to it until its block changes or the process restarts.",
		Apart: "no more events are sent to it, so that later faults of it show nothing"},
	{Kind: WebhookPoison, Family: webhook, Target: WebhookTarget, Lasts: true, Doc: "It fails on one event, the first that it receives, however often it is sent again. It accepts all others.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "error", Values: []string{"error", "hang", "reset", "refuse"},
			Doc: "How it fails: error answers 500, hang never answers, reset ends the connection, refuse answers 400."}}},
	{Kind: WebhookFlood, Family: webhook, Target: WebhookTarget, Lasts: true, Harmless: true, Doc: "It answers 200 with a body of 1 GB. This is harmless: the answer counts, and its body is not read."},
	{Kind: CollectorDown, Family: collector, Target: TracesTarget, Lasts: true, Refuses: true, Doc: "The collector of traces refuses connections."},
	{Kind: CollectorSlow, Family: collector, Target: TracesTarget, Lasts: true, Late: true, Doc: "It answers late.", more: delay("15s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(30)) * time.Second }},
	{Kind: CollectorError, Family: collector, Target: TracesTarget, Lasts: true, Status: 500, Doc: "It answers 500."},
	{Kind: CollectorDenied, Family: collector, Target: TracesTarget, Lasts: true, Status: 401, Doc: "It answers 401."},
	{Kind: CollectorFlood, Family: collector, Target: TracesTarget, Lasts: true, Harmless: true, Doc: "It answers 200 with a body of 1 GB. This is harmless: its body is hardly read."},
	{Kind: BrokerDown, Family: broker, Target: BrokerTarget, Lasts: true, Doc: "The MQTT broker is gone, and with it what it kept."},
	{Kind: BrokerDenied, Family: broker, Target: BrokerTarget, Lasts: true, Doc: "It refuses the login."},
	{Kind: BrokerFlaps, Family: broker, Target: BrokerTarget, Lasts: true, Doc: "Its connections break again and again.", more: delay("3s", "How long each lasts."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(200+r.IntN(20_000)) * time.Millisecond }},
	{Kind: BrokerSlow, Family: broker, Target: BrokerTarget, Lasts: true, Late: true, Doc: "It confirms messages late.", more: delay("3s", "How much later."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(100+r.IntN(15_000)) * time.Millisecond }},
	{Kind: BrokerTrash, Family: broker, Target: BrokerTarget, Lasts: true, Harmless: true, Doc: "Another client of the broker writes to the topics of the appliance what it may not obey. This is harmless: nothing of it is done."},
	{Kind: CoreDown, Family: core, Target: CoreTarget, Lasts: true, Refuses: true, Doc: "The Core refuses connections.", Unreal: alone},
	{Kind: CoreSlow, Family: core, Target: CoreTarget, Lasts: true, Late: true, Doc: "The Core answers late. It acts on a text all the same.", Unreal: alone,
		more:  delay("10s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(60)) * time.Second }},
	{Kind: CoreUnauthorized, Family: core, Target: CoreTarget, Lasts: true, Status: 401, Doc: "The Core answers 401.", Unreal: alone},
	{Kind: CoreEnds, Family: core, Target: CoreTarget, Lasts: true, Doc: "The Core acts on a text, but the connection ends before the answer.", Unreal: alone},

	{Kind: BackendDown, Family: backend, Target: BackendTarget, Lasts: true, Refuses: true, Doc: "The backend, such as a Home Assistant, refuses connections."},
	{Kind: BackendSlow, Family: backend, Target: BackendTarget, Lasts: true, Late: true, Doc: "It answers late. It does what it is asked all the same.",
		more:  delay("15s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(30)) * time.Second }},
	{Kind: BackendUnauthorized, Family: backend, Target: BackendTarget, Lasts: true, Status: 401, Doc: "It answers 401: the token is not valid any more."},
	{Kind: BackendEnds, Family: reply, Target: BackendTarget, Lasts: true, Doc: "It does what it is asked, but the connection ends before the answer."},
	{Kind: BackendStuck, Family: reply, Target: BackendTarget, Lasts: true, Doc: "It accepts calls and does nothing: no state follows."},
	{Kind: ModelDown, Family: mind, Target: ModelTarget, Lasts: true, Refuses: true, Doc: "The language model refuses connections."},
	{Kind: ModelSlow, Family: mind, Target: ModelTarget, Lasts: true, Late: true, Doc: "It answers late.",
		more:  delay("30s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(40)) * time.Second }},
	{Kind: ModelHangs, Family: mind, Target: ModelTarget, Lasts: true, Doc: "It accepts questions and never answers."},
	{Kind: ModelTrash, Family: mind, Target: ModelTarget, Lasts: true, Harmless: true, Doc: "It answers prose, half an answer, or what it may not choose. This is harmless: nothing of it is done."},

	{Kind: IssuerDown, Family: proof, Target: LoginTarget, Lasts: true, Refuses: true, duration: "5m", Doc: "The issuer of tokens refuses connections. Tokens that live go on being good."},
	{Kind: IssuerSlow, Family: proof, Target: LoginTarget, Lasts: true, Late: true, duration: "5m", Doc: "It answers late.", more: delay("10s", "How much later it answers."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(1+r.IntN(20)) * time.Second }},
	{Kind: IssuerRefuses, Family: proof, Target: LoginTarget, Lasts: true, Status: 401, duration: "20m", Doc: "It answers 401: the account's secret was changed there."},
	{Kind: IssuerKeysRotated, Family: proof, Target: LoginTarget, Harmless: true, Doc: "It signs with another key from now on. This is harmless.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "keeps", Values: []string{"keeps", LosesKeys},
			Doc: "What becomes of the key before: the issuer keeps it as long as tokens live that it has signed (`orac secrets rotate issuer`), or it loses it, as with its state directory, and all its tokens are void."}}},

	{Kind: DiskFull, Family: disk, Lasts: true, Doc: "The disk of the state directory is full."},
	{Kind: DiskReadOnly, Family: disk, Lasts: true, Doc: "The disk of the state directory is read-only."},
	{Kind: DiskError, Family: disk, Lasts: true, Doc: "Reads and writes on the disk fail with an input/output error."},
	{Kind: DiskSlow, Family: disk, Lasts: true, Doc: "Operations on the disk are slow.", more: delay("200ms", "How long each operation takes."),
		drawn: func(r *rand.Rand, f *Fault) { f.Delay = time.Duration(5+r.IntN(200)) * time.Millisecond }},

	{Kind: NodePanic, Family: node, Target: NodeTarget, Doc: "A node panics.", Unreal: "no node of the real binary fails on demand"},
	{Kind: NodeStarve, Family: node, Target: NodeTarget, Lasts: true, Doc: "A node gets no processor time.", Unreal: "nobody outside can keep one goroutine from running"},
	{Kind: CPUStarve, Family: processor, Lasts: true, duration: "3s", Doc: "The whole appliance gets no processor time."},
	{Kind: Descriptors, Family: exhausted, Lasts: true, Doc: "The process cannot open any more files or connections."},
	{Kind: MemoryLeak, Family: memory, Doc: "The process uses more and more memory until it is replaced.",
		more:  []language.Attribute{extra("size", language.ByteSize, "10MiB", "1KiB", "10GiB", "How much more each minute.")},
		drawn: func(r *rand.Rand, f *Fault) { f.Size = language.Size(1+r.IntN(64)) << 20 }},
	{Kind: MemoryRise, Family: memory, Doc: "The process takes a block of memory and keeps it until it is replaced.",
		more:  []language.Attribute{extra("size", language.ByteSize, "500MiB", "1KiB", "100GiB", "How much memory.")},
		drawn: func(r *rand.Rand, f *Fault) { f.Size = language.Size(50+r.IntN(400)) << 20 }},

	{Kind: PowerLoss, Family: process, Lasts: true, duration: "5s", Doc: "The power fails. Everything stops, and data that was not synced to the disk may be lost, partly or wholly. The appliance starts again after `for`.",
		Unreal: "only kill -9 is possible here, and the kernel keeps unsynced data across it: use kill, and simulate this",
		more: []language.Attribute{{Name: "every_write", Kind: language.Bool, Default: "false",
			Doc: "Instead of `at`: records and delivers one utterance, and cuts the power at each operation that changes the disk, in a run of its own. Only a simulation can do this."}},
		rules: []language.Rule{{Uses: []string{"every_write", "at"}, Doc: "exactly one of at and every_write = true must be given", Hint: "Write exactly one of them.",
			Holds: func(g language.Given) bool { return g.Written("at") != g.Flag("every_write") }}}},
	{Kind: Kill, Family: process, Lasts: true, duration: "1s", Doc: "The process is killed (kill -9). It starts again after `for`."},
	{Kind: OutOfMemory, Family: process, Lasts: true, duration: "1s", Doc: "The process uses more memory than its control group allows, and the kernel kills it. It starts again after `for`."},
	{Kind: ClockJump, Family: clock, Doc: "The time of day jumps.",
		more:  []language.Attribute{extra("by", language.Duration, "1h", "1ms", "3650d", "How far it jumps."), {Name: "back", Kind: language.Bool, Default: "false", Doc: "Whether it jumps back."}},
		drawn: func(r *rand.Rand, f *Fault) { f.By, f.Back = time.Duration(1+r.IntN(7200))*time.Second, r.IntN(2) == 0 }},
	{Kind: Mute, Family: muted, Lasts: true, Harmless: true, duration: "5m", Doc: "Somebody mutes all listeners for the time of `for`. This is harmless: nothing is heard meanwhile, also if the process is killed and starts again, and everything is heard afterwards."},
	{Kind: Apply, Family: change, Apart: "somebody must say what changes", Doc: "A change of the runbook is applied, as `orac apply` does.", example: changing, more: changes},
	{Kind: Push, Family: change, Apart: "somebody must say what changes", Unreal: "orac chaos brings no centre that pushes changes", example: changing,
		Doc: "The centre of the house pushes a change of the runbook to three members, one after the other: this appliance is the second. The runbook must trust the centre (auth.trust).",
		more: append(slices.Clone(changes), language.Attribute{Name: "way", Kind: language.Enum, Default: "well", Values: []string{"well", FirstOfAll, FirstFallsIll},
			Doc: "How the first of the three takes it: it is well afterwards, or it falls ill; or this appliance is the first."})},
}
