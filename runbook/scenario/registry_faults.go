package scenario

import (
	"cmp"
	"fmt"
	"slices"

	"orac/runbook/language"
)

// Info describes a kind of fault.
type Info struct {
	Kind     Kind
	Doc      string
	Target   string // what Fault.Target names: device, stt, heartbeat, webhook, node, or "" for nothing
	Lasts    bool   // it takes time: Fault.For
	Harmless bool   // it is not a fault: nothing may react to it
	Swarm    bool   // a swarm can draw it: it needs only its kind, or the rest is drawn too

	duration string // default of For
	more     []language.Attribute
	rules    []language.Rule
	example  string // attributes of its example, except at
}

// Kinds lists all kinds of faults, in the order of the documentation.
func Kinds() []Info { return slices.Clone(kinds) }

// Info returns the description of the kind; the zero value for an unknown kind.
func (k Kind) Info() Info {
	i := slices.IndexFunc(kinds, func(i Info) bool { return i.Kind == k })
	if i < 0 {
		return Info{}
	}
	return kinds[i]
}

func kindNames() []string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k.Kind))
	}
	return out
}

func swarmKinds() []string {
	var out []string
	for _, k := range kinds {
		if k.Swarm {
			out = append(out, string(k.Kind))
		}
	}
	return out
}

// What the targets of kinds are, in words.
var targets = map[string]language.Attribute{
	"device":    {DefaultDoc: "the runbook's first", Example: `"mic"`, Doc: "The name of the device."},
	"stt":       {DefaultDoc: "the runbook's first", Example: `"whisper"`, Doc: "The name of the speech-to-text service."},
	"heartbeat": {DefaultDoc: "the runbook's first", Example: `"whisper"`, Doc: "The name of the heartbeat."},
	"webhook":   {DefaultDoc: "the runbook's first", Example: `"light"`, Doc: "The name of the webhook."},
	"node":      {Required: true, Example: `"features.mic"`, Doc: "The address of the node, as `orac graph` shows it."},
}

func extra(name string, kind language.Kind, standard, least, most, doc string) language.Attribute {
	return language.Attribute{Name: name, Kind: kind, Default: standard, Min: least, Max: most, Doc: doc}
}

func delay(standard, doc string) []language.Attribute {
	return []language.Attribute{extra("delay", language.Duration, standard, "1ms", "1h", doc)}
}

var kinds = []Info{
	{Kind: ReadBlocks, Target: "device", Swarm: true, Doc: "A read in the capture process blocks until the process is replaced."},
	{Kind: OpenHangs, Target: "device", Lasts: true, Swarm: true, Doc: "The device is lost, and opening it again hangs."},
	{Kind: ListHangs, Lasts: true, Swarm: true, Doc: "Listing the devices hangs."},
	{Kind: Drops, Target: "device", Lasts: true, Swarm: true, Doc: "Some of the hops are lost.",
		more: []language.Attribute{extra("rate", language.Float, "0.3", "0.001", "1", "The share of hops that are lost.")}},
	{Kind: ShortReads, Target: "device", Lasts: true, Swarm: true, Doc: "The device returns parts of hops. Nothing is missing, but it arrives late."},
	{Kind: WrongRate, Target: "device", Lasts: true, Swarm: true, Doc: "The device delivers sound too fast or too slowly.",
		more: []language.Attribute{extra("rate", language.Float, "0.9", "0.1", "10", "The factor. Below 1, sound comes too slowly.")}},
	{Kind: Stuck, Target: "device", Lasts: true, Swarm: true, duration: "60s", Doc: "The same hop repeats, bit for bit, and is not silent."},
	{Kind: Silence, Target: "device", Lasts: true, Harmless: true, Swarm: true, Doc: "The device delivers digital silence. This is harmless: nothing may be restarted."},
	{Kind: Noise, Target: "device", Lasts: true, Harmless: true, Swarm: true, Doc: "The device delivers loud noise. This is harmless."},
	{Kind: Clipping, Target: "device", Lasts: true, Harmless: true, Swarm: true, Doc: "The sound clips at full scale. This is harmless."},
	{Kind: Unplug, Target: "device", Lasts: true, Swarm: true, duration: "5s", Doc: "The device is unplugged. When it returns, it has a different number.",
		more: []language.Attribute{{Name: "other", Kind: language.Bool, Default: "false", Doc: "Whether another device takes its place and number meanwhile."}}},
	{Kind: Suspended, Target: "device", Lasts: true, Swarm: true, Doc: "The device is listed and can be opened, but the audio server delivers no sound from it."},
	{Kind: AudioDown, Lasts: true, Swarm: true, duration: "5s", Doc: "The audio server is gone, and so are all of its devices."},
	{Kind: WorkerKill, Target: "device", Swarm: true, Doc: "The capture process dies."},
	{Kind: WorkerStop, Target: "device", Swarm: true, Doc: "The capture process is frozen until it is replaced."},
	{Kind: WorkerTrash, Target: "device", Swarm: true, Doc: "The capture process writes malformed frames."},

	{Kind: STTDown, Target: "stt", Lasts: true, Swarm: true, Doc: "The service refuses connections."},
	{Kind: STTSlow, Target: "stt", Lasts: true, Swarm: true, Doc: "It answers late.", more: delay("5s", "How much later it answers.")},
	{Kind: STTReset, Target: "stt", Lasts: true, Swarm: true, Doc: "It resets connections in the middle of a request."},
	{Kind: STTEmpty, Target: "stt", Lasts: true, Swarm: true, Doc: "It answers with empty text."},
	{Kind: STTTrash, Target: "stt", Lasts: true, Swarm: true, Doc: "It sends malformed answers."},
	{Kind: STTLies, Target: "stt", Lasts: true, Swarm: true, Doc: "It returns \"[Transcription Failed: …]\" as if it were what was said."},
	{Kind: STTLate, Target: "stt", Lasts: true, Swarm: true, Doc: "It accepts the utterance and answers after the client has stopped waiting."},
	{Kind: STTUnauthorized, Target: "stt", Lasts: true, Swarm: true, Doc: "It answers 401."},
	{Kind: STTHolds, Target: "stt", Lasts: true, Swarm: true, Doc: "Its streams never end."},
	{Kind: STTCut, Target: "stt", Lasts: true, Swarm: true, Doc: "Connections end in the middle of an answer, as if the answer were complete."},
	{Kind: STTCorrupt, Target: "stt", Lasts: true, Swarm: true, Doc: "Some bytes of its answers are changed on the way."},
	{Kind: STTSilent, Target: "stt", Lasts: true, Swarm: true, Doc: "It accepts connections but never sends anything, like behind a firewall that drops packets."},
	{Kind: STTPoison, Target: "stt", Lasts: true, Swarm: true, Doc: "It fails on one utterance, the first that it receives, however often it is sent again. It answers all others, and reports that it is healthy.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "error", Values: []string{"error", "hang", "reset"},
			Doc: "How it fails: error answers 500, hang never answers, reset ends the connection at the same byte."}}},
	{Kind: STTEngine, Target: "stt", Lasts: true, Swarm: true, duration: "2m",
		Doc: "Its engine fails while it reports that it is healthy. It answers a stream with \"[Transcription Failed: …]\" and a request with 200 and an empty text, as if nobody had spoken."},
	{Kind: STTStopped, Target: "stt", Lasts: true, Swarm: true, Doc: "It is stopped, as by SIGSTOP. Connections and sound still arrive, and it processes them when it continues, even for clients that have gone."},
	{Kind: STTEnds, Target: "stt", Lasts: true, Swarm: true, Doc: "It receives a whole utterance and acts on it, but the connection ends before the answer."},
	{Kind: STTNoStream, Target: "stt", Lasts: true, Harmless: true, Swarm: true, duration: "5m",
		Doc: "Its streaming is switched off: it refuses streams with 403, and its health says so. This is harmless: utterances are sent by HTTP."},
	{Kind: NetDown, Lasts: true, Swarm: true, Doc: "The appliance has no network: it reaches no service, and open connections fall silent."},
	{Kind: HeartbeatDown, Target: "heartbeat", Lasts: true, Swarm: true, Doc: "The heartbeat's server refuses connections."},
	{Kind: HeartbeatNo, Target: "heartbeat", Lasts: true, Swarm: true, Doc: "It answers heartbeats with an error."},
	{Kind: WebhookSlow, Target: "webhook", Lasts: true, Swarm: true, Doc: "The webhook answers late.", more: delay("10s", "How much later it answers.")},
	{Kind: WebhookDown, Target: "webhook", Lasts: true, Swarm: true, Doc: "The webhook refuses connections."},
	{Kind: WebhookRefused, Target: "webhook", Lasts: true, Swarm: true, Doc: "It answers 401."},
	{Kind: WebhookGone, Target: "webhook", Lasts: true, Doc: "It answers 410 (gone). Nothing more is sent to it until its block changes or the process restarts."},
	{Kind: WebhookPoison, Target: "webhook", Lasts: true, Swarm: true, Doc: "It fails on one event, the first that it receives, however often it is sent again. It accepts all others.",
		more: []language.Attribute{{Name: "way", Kind: language.Enum, Default: "error", Values: []string{"error", "hang", "reset", "refuse"},
			Doc: "How it fails: error answers 500, hang never answers, reset ends the connection, refuse answers 400."}}},
	{Kind: WebhookFlood, Target: "webhook", Lasts: true, Swarm: true, Doc: "It answers 200 with a body of 1 GB."},

	{Kind: DiskFull, Lasts: true, Swarm: true, Doc: "The disk of the state directory is full."},
	{Kind: DiskReadOnly, Lasts: true, Swarm: true, Doc: "The disk of the state directory is read-only."},
	{Kind: DiskError, Lasts: true, Swarm: true, Doc: "Reads and writes on the disk fail with an input/output error."},
	{Kind: DiskSlow, Lasts: true, Swarm: true, Doc: "Operations on the disk are slow.", more: delay("200ms", "How long each operation takes.")},

	{Kind: NodePanic, Target: "node", Swarm: true, Doc: "A node panics."},
	{Kind: NodeStarve, Target: "node", Lasts: true, Swarm: true, Doc: "A node gets no processor time."},
	{Kind: CPUStarve, Lasts: true, Swarm: true, duration: "3s", Doc: "The whole appliance gets no processor time."},
	{Kind: Descriptors, Lasts: true, Swarm: true, Doc: "The process cannot open any more files or connections."},
	{Kind: MemoryLeak, Doc: "The process uses more and more memory until it is replaced.", Swarm: true,
		more: []language.Attribute{extra("size", language.ByteSize, "10MiB", "1KiB", "10GiB", "How much more each minute.")}},
	{Kind: MemoryRise, Doc: "The process takes a block of memory and keeps it until it is replaced.", Swarm: true,
		more: []language.Attribute{extra("size", language.ByteSize, "500MiB", "1KiB", "100GiB", "How much memory.")}},

	{Kind: PowerLoss, Lasts: true, Swarm: true, duration: "5s", Doc: "The power fails. Everything stops, and data that was not synced to the disk may be lost, partly or wholly. The appliance starts again after `for`.",
		more: []language.Attribute{{Name: "every_write", Kind: language.Bool, Default: "false",
			Doc: "Instead of `at`: records and delivers one utterance, and cuts the power at each operation that changes the disk, in a run of its own. Only a simulation can do this."}},
		rules: []language.Rule{{Uses: []string{"every_write", "at"}, Doc: "exactly one of at and every_write = true must be given", Hint: "Write exactly one of them.",
			Holds: func(g language.Given) bool { return g.Written("at") != g.Flag("every_write") }}}},
	{Kind: Kill, Lasts: true, Swarm: true, duration: "1s", Doc: "The process is killed (kill -9). It starts again after `for`."},
	{Kind: OutOfMemory, Lasts: true, duration: "1s", Swarm: true, Doc: "The process uses more memory than its control group allows, and the kernel kills it. It starts again after `for`."},
	{Kind: ClockJump, Swarm: true, Doc: "The time of day jumps.",
		more: []language.Attribute{extra("by", language.Duration, "1h", "1ms", "3650d", "How far it jumps."), {Name: "back", Kind: language.Bool, Default: "false", Doc: "Whether it jumps back."}}},
	{Kind: Apply, Doc: "A change of the runbook is applied, as `orac apply` does.", example: "  block = \"model.hey_jarvis\"\n  set   = { threshold = 0.6 }\n",
		more: []language.Attribute{
			{Name: "block", Kind: language.String, Required: true, Pattern: changeable, Expect: changeableExpect, Example: `"model.hey_jarvis"`, Doc: "The block that is changed."},
			{Name: "set", Kind: language.CodeMap, Required: true, NonEmpty: true, Example: `{ threshold = 0.6 }`, Doc: "The new values of its attributes, written as in the runbook."},
		}},
}

// faultBlocks makes a block type for every kind: all share one struct.
func faultBlocks() []*language.BlockType {
	var out []*language.BlockType
	for _, k := range kinds {
		t := &language.BlockType{
			Type: "fault", Variant: string(k.Kind), Named: true, Doc: k.Doc,
			Slot:    language.Into(func(s *Scenario) any { return &s.Faults }),
			Example: fmt.Sprintf("fault %q \"first\" {\n  at    = \"5m\"\n%s}", k.Kind, k.example),
			Rules:   append(slices.Clone(k.rules), repeats...),
		}
		if a, ok := targets[k.Target]; ok {
			a.Name, a.Kind = "target", language.String
			if k.Target == "node" {
				t.Example = fmt.Sprintf("fault %q \"first\" {\n  at     = \"5m\"\n  target = %s\n}", k.Kind, a.Example)
			}
			t.Attributes = append(t.Attributes, a)
		}
		t.Attributes = append(t.Attributes, at("When it begins for the first time, counted from the start.", language.Attribute{Required: k.Kind != PowerLoss}))
		if k.Lasts {
			t.Attributes = append(t.Attributes, extra("for", language.Duration, cmp.Or(k.duration, "10s"), "1ms", "400d", "How long it lasts."))
			t.Rules = append(t.Rules, language.Rule{Uses: []string{"for", "every"}, Doc: "for must be less than every", Hint: "It must be over before it begins again.",
				Holds: func(g language.Given) bool { return !g.Written("every") || g.Amount("for") < g.Amount("every") }})
		}
		t.Attributes = append(t.Attributes, every, jitter, times)
		t.Attributes = append(t.Attributes, k.more...)
		if k.example == "" && k.Target != "node" {
			t.Example = fmt.Sprintf("fault %q \"first\" {\n  at = \"5m\"\n}", k.Kind)
		}
		out = append(out, t)
	}
	return out
}
