package play

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"orac/appliance/stt/stttest"
	"orac/chaos"
	"orac/chaos/homeserver"
	"orac/chaos/journal"
	"orac/chaos/process"
	"orac/chaos/proxy"
	"orac/chaos/ptrace"
	"orac/runbook"
	"orac/runbook/scenario"
	"orac/sim/trial/schedule"
)

// Maker is how a kind of fault is made on a live appliance.
type Maker struct {
	How     string // what exactly is done
	Differs string // how that differs from what the kind says; may be ""

	shakes  bool                           // sound may suffer from how it is made, whatever the kind says: a wake word may go unheard
	machine func() error                   // returns why it cannot be made on this machine; nil: it can be on every machine
	probe   func(*World, occurrence) error // returns why it cannot be made in this world; nil: it can be in every world
	// prepare returns the fault for this moment, or an error if there is nothing to break just then.
	prepare func(*World, occurrence) (*broken, error)
}

// broken is a fault that is ready to be made. Its steps are in the journal before it is made.
type broken struct {
	steps []journal.Step
	apply func() error
	undo  func() error // what only this process can undo, besides the steps; nil: nothing. It may be called after apply has failed
	how   string       // replaces Maker.How if the machine decides
}

// makers are the makers of all kinds but those of which the table of kinds says everything.
var makers = map[scenario.Kind]Maker{
	scenario.OpenHangs:  {How: "SIGSTOP to the audio server: it accepts connections and never answers, so reading stops and opening hangs", Differs: "it stops the sound of all devices", prepare: stopAudio},
	scenario.Drops:      {How: "a share of the sound, in pieces of 10 ms, does not reach the audio server", Differs: "sound that is lost before the audio server leaves no gap: what follows moves up", prepare: lose},
	scenario.ShortReads: {How: "the audio server gets the sound in odd pieces of a few samples", prepare: crumble},
	scenario.WrongRate:  {How: "the virtual microphone writes at another rate than it says", prepare: hurry},
	scenario.Stuck:      {How: "the same hop without end, bit for bit", prepare: stick},
	scenario.Noise:      {How: "noise with an RMS of 12000", prepare: roar},
	scenario.Unplug:     {How: "the source is unloaded and loaded again, under another index", prepare: unplug},
	scenario.Suspended:  {How: "pactl suspend-source: the source stays, its sound stops", prepare: suspend},
	scenario.AudioDown:  {How: "SIGKILL to the audio server; it is started again with the same sources", prepare: killAudio},

	// Sound comes in pieces of 2560 bytes: some connections break before the first piece and some after many.
	scenario.STTReset: {How: "the proxy resets connections after a number of bytes that the seed decides", prepare: proxied(proxy.Behaviour{Mode: proxy.Reset, Most: 20000})},
	scenario.STTEmpty: {How: "the server answers with empty text", prepare: doing(stttest.EmptyText, speech...)},
	scenario.STTTrash: {How: "the server answers with half a JSON object", prepare: doing(stttest.Garbage, speech...)},
	scenario.STTLies:  {How: "the server answers \"[Transcription Failed: …]\"", prepare: doing(stttest.EngineText, speech...)},
	scenario.STTLate:  {How: "the server answers a second after the appliance has given up", prepare: late},
	scenario.STTHolds: {How: "the server accepts the sound and never answers; the stream stays open", prepare: doing(stttest.Never, speech...)},
	// A handshake takes some 200 bytes of an answer; a transcript follows it.
	scenario.STTCut:        {How: "the proxy closes connections cleanly within an answer, at a byte that the seed decides", prepare: proxied(proxy.Behaviour{Mode: proxy.Truncate, Most: 600})},
	scenario.STTCorrupt:    {How: "the proxy changes bytes of answers that the seed decides", prepare: proxied(proxy.Behaviour{Mode: proxy.Corrupt, Most: 300})},
	scenario.STTSilent:     {How: "the proxy accepts connections and passes nothing on; open ones fall silent", prepare: proxied(proxy.Behaviour{Mode: proxy.BlackHole})},
	scenario.STTPoison:     {How: "the server fails on the first utterance that it receives, every time, in the way that the fault names", prepare: poison},
	scenario.STTEngine:     {How: "the server answers streams with \"[Transcription Failed: …]\", and requests with 200, an empty text and the language unknown; its health check passes", prepare: doing(stttest.EngineFails, speech...)},
	scenario.STTStopped:    {How: "SIGSTOP to the server, then SIGCONT", prepare: freeze},
	scenario.STTEnds:       {How: "the server forwards what it has understood, and resets the connection", prepare: doing(stttest.Dies, speech...)},
	scenario.STTNoStream:   {How: "the server refuses streams with 403, and says in its health that streaming is switched off", prepare: doing(stttest.NoStream, stttest.WS, stttest.Health)},
	scenario.NetDown:       {How: "the appliance runs in a network namespace of its own, whose only link is taken down", Differs: "sound has been seen to suffer", machine: separable, shakes: true, prepare: unlink},
	scenario.EngineMemory:  {How: "ptrace makes the process of the engine map memory that it did not ask for", machine: ptrace.Supported, prepare: swellEngine},
	scenario.WyomingUnread: {How: "clients connect to the service, send sounds and long pings, and read nothing", prepare: visits(8, unread)},
	scenario.WyomingTrash:  {How: "clients connect to the service again and again, and do what the way says", prepare: trashWyoming},
	scenario.SpeakerUnplug: {How: "the sink is unloaded and loaded again, under another index", prepare: unplugSpeaker},
	scenario.TTSTrash:      {How: "the server that speaks answers half a JSON object", prepare: doing(stttest.Garbage, stttest.Speech)},
	scenario.HomeGone:      {How: "the client that stands in for Home Assistant closes its connection, and makes none", prepare: goneHome},
	scenario.HomeHangs:     {How: "the client that stands in for Home Assistant says nothing more of a run", prepare: hangingHome},
	scenario.HomeTwice:     {How: "the client that stands in for Home Assistant sends its messages twice", prepare: changedHome(func(h *home, on bool) { h.twice = on })},
	scenario.HomeCrowd:     {How: "another client connects, subscribes to the assistant, and leaves a second and a half later", prepare: crowdedHome},
	scenario.HomeTrash:     {How: "the client that stands in for Home Assistant sends messages that fit nothing", prepare: madHome},
	scenario.SoundStall:    {How: "the server of Home Assistant's sounds sends half of each, and no more", prepare: changedHome(func(h *home, on bool) { h.stalls = on })},
	scenario.WebhookPoison: {How: "the webhook's server fails on the first event that it receives, every time, in the way that the fault names", prepare: poison},
	scenario.WebhookFlood:  {How: "the webhook's server answers with 1 GB", prepare: doing(stttest.Huge, stttest.Webhook)},

	scenario.BrokerDown:   {How: "SIGKILL to Mosquitto, which keeps nothing on disk; it is started again", machine: brokered, prepare: killBroker(false)},
	scenario.BrokerDenied: {How: "Mosquitto is killed, and started again with a file of passwords that has none", machine: brokered, prepare: killBroker(true)},
	scenario.BrokerFlaps:  {How: "the proxy before Mosquitto resets connections after a number of bytes that the seed decides", Differs: "the bytes count, not the time", machine: brokered, prepare: proxied(proxy.Behaviour{Mode: proxy.Reset, Most: 8000})},
	scenario.BrokerSlow:   {How: "the proxy before Mosquitto delays all that it answers and tells", machine: brokered, prepare: lag},
	scenario.BrokerTrash:  {How: "another client of Mosquitto writes to the topics of the appliance", machine: brokered, prepare: trashBroker},

	scenario.CollectorFlood: {How: "the collector answers with 1 GB", prepare: doing(stttest.Huge, stttest.Webhook)},

	scenario.BackendSlow:         {How: "the proxy before the home delays all that it answers and tells", prepare: lag},
	scenario.BackendUnauthorized: {How: "the home knows the token no more, and ends its connections", prepare: sick(homeserver.Locked)},
	scenario.BackendEnds:         {How: "the home does what it is asked, and resets the connection", prepare: sick(homeserver.Ends)},
	scenario.BackendStuck:        {How: "the home answers calls with 200 and does nothing", prepare: sick(homeserver.Stuck)},
	scenario.ModelSlow:           {How: "the server of the model waits before it answers", prepare: sick(homeserver.Late)},
	scenario.ModelHangs:          {How: "the server of the model accepts questions and never answers", prepare: sick(homeserver.Hangs)},
	scenario.ModelTrash:          {How: "the server of the model answers prose, half an answer, and things that cannot be chosen", prepare: sick(homeserver.Trash)},

	scenario.IssuerSlow:        {How: "the proxy before the issuer, another orac, delays all that it answers", prepare: lag},
	scenario.IssuerRefuses:     {How: "the issuer, another orac, is given another secret of the account, with orac apply", prepare: disown},
	scenario.IssuerKeysRotated: {How: "orac secrets rotate issuer; with loses, the issuer is killed, loses the file of its key, and starts again", prepare: rekey},

	scenario.DiskFull:     {How: "a file takes all the space of the state directory's file system", prepare: fillDisk},
	scenario.DiskReadOnly: {How: "with strace, the appliance's calls that sync, rename, remove, make folders and write the history fail with EROFS", Differs: "the appliance can still create and read files, and is slower meanwhile", machine: traceable, shakes: true, prepare: readOnly},
	scenario.DiskError:    {How: "with strace, the appliance's calls that sync, rename, remove, make folders and write the history fail with EIO", Differs: "the appliance can still create and read files, and is slower meanwhile", machine: traceable, shakes: true, prepare: diskError},
	scenario.DiskSlow:     {How: "strace delays the appliance's calls that sync, rename, remove and write the history", Differs: "the appliance is slower meanwhile in everything", machine: traceable, shakes: true, prepare: diskSlow},

	scenario.CPUStarve:   {How: "a control group leaves the appliance and its children 1 ms of CPU a second; where there is none, SIGSTOP and SIGCONT", prepare: starve},
	scenario.Descriptors: {How: "prlimit leaves the appliance as many descriptors as it has open", prepare: closeUp},
	scenario.MemoryLeak:  {How: "ptrace makes the appliance map more memory every second", Differs: "the memory is not on its heap", machine: ptrace.Supported, shakes: true, prepare: leak},
	scenario.MemoryRise:  {How: "ptrace makes the appliance map memory that it did not ask for", Differs: "the memory is not on its heap", machine: ptrace.Supported, shakes: true, prepare: rise},

	scenario.Kill:        {How: "SIGKILL to the appliance; started again afterwards", prepare: kill},
	scenario.OutOfMemory: {How: "a control group allows 32 MiB more than the appliance has, ptrace makes it map more, and the kernel kills it; started again afterwards", machine: limitable, prepare: exhaust},
	scenario.ClockJump:   {How: "a seccomp filter hands the appliance's questions for the time of day to this program, which answers with the changed time", Differs: "it cannot be combined with net_down in one scenario, and ends when the process replaces itself", machine: chaos.ClockSupported, probe: clocked, prepare: jump},
	scenario.Mute:        {How: "orac mute --for of the fault's time", prepare: muteAll},
	scenario.Apply:       {How: "orac apply --auto-approve of the changed runbook", prepare: applyChange},
}

// MakerOf returns how a kind of fault is made, or why it cannot be.
func MakerOf(k scenario.Kind) (Maker, error) {
	mk, ok := makers[k]
	switch i := k.Info(); {
	case ok:
		return mk, nil
	case i.Unreal != "":
		return mk, errors.New(i.Unreal)
	case i.Status > 0:
		return Maker{How: fmt.Sprintf("the server answers %d %s", i.Status, http.StatusText(i.Status)), prepare: answer}, nil
	case i.Refuses:
		return Maker{How: "the proxy before the server refuses new connections and resets open ones", prepare: proxied(proxy.Behaviour{Mode: proxy.Down})}, nil
	case i.Sound != nil:
		return Maker{How: i.How, prepare: formed}, nil
	case i.Blow != "":
		return Maker{How: struck(i), prepare: strike}, nil
	case i.Late:
		return Maker{How: "the server delays its answers", prepare: slow}, nil
	}
	return mk, fmt.Errorf("this version of orac chaos does not know the fault %s", k)
}

// Here returns why faults of a kind cannot be made on this machine; nil if they can.
func Here(k scenario.Kind) error {
	mk, err := MakerOf(k)
	if err == nil && mk.machine != nil {
		return mk.machine()
	}
	return err
}

// supported returns why a fault cannot be made; nil if it can. Whether a live appliance permits it shows only when it is made.
func (w *World) supported(o occurrence) error {
	if err := Here(o.Kind); err != nil {
		return err
	}
	if mk, _ := MakerOf(o.Kind); mk.probe != nil {
		return mk.probe(w, o)
	}
	switch o.Kind.Info().Target {
	case scenario.STTTarget, scenario.HeartbeatTarget, scenario.WebhookTarget, scenario.BackendTarget, scenario.ModelTarget, scenario.LoginTarget, scenario.TracesTarget, scenario.TTSTarget, scenario.BrokerTarget:
		_, err := w.peer(o)
		return err
	}
	return nil
}

// target returns the microphone that a fault affects.
func (w *World) target(o occurrence) (*microphone, error) {
	if m, ok := w.mics[o.Target]; ok {
		return m, nil
	}
	return nil, fmt.Errorf("there is no virtual microphone for device %q", o.Target)
}

// peer returns the service that a fault affects.
func (w *World) peer(o occurrence) (*service, error) {
	block := string(o.Kind.Info().Target)
	address := runbook.Address(block + "." + o.Target)
	if o.Kind.Info().Target == scenario.TracesTarget { // its block has no name
		address = w.book.rb.Traces.Address
	}
	if s, ok := w.services[address]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("there is no server for %s %q that could break: it is a program, or speaks a protocol that orac chaos has no server for", block, o.Target)
}

// worker returns the capture process that holds the device of a fault.
func (w *World) worker(o occurrence) (process.Process, error) {
	a, err := w.Running()
	if err != nil {
		return process.Process{}, err
	}
	m, ok := w.book.rb.Microphone(runbook.Address("device.microphone." + o.Target))
	var words []string
	switch {
	case !ok:
	case m.Identity != "":
		words = append(words, "--identity="+m.Identity)
	case m.Match != "":
		words = append(words, "--match="+m.Match)
	}
	return a.Worker(words...)
}

// occurrence is a fault of a run.
type occurrence = schedule.Occurrence

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
