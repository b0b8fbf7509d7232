package appliance

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"orac/appliance/audio"
	"orac/appliance/stt/wire"
	"orac/runbook"
	"orac/runbook/language"
)

// Sizes of mailboxes. A hop is 80 ms.
const (
	hopsWaiting   = 32  // 2.6 s of sound before a slow extractor loses some
	votesWaiting  = 128 // for all heads of a listener together
	wakesWaiting  = 16
	piecesWaiting = 64 // 5 s of sound while the disk is slow, then the recorder waits
	asksWaiting   = 32
	eventsWaiting = 1024
)

// ringTime is how far back a recorder can reach.
const ringTime = 10 * time.Second

// Compile makes the graph of a runbook. It fails on what the language allows and no graph can do.
func Compile(rb *runbook.Runbook) (*Graph, error) {
	c := &compiler{Graph: &Graph{Runbook: rb}}
	if len(rb.Listeners) == 0 {
		return nil, fmt.Errorf("%s: there is no listener, so nothing would be heard: add a listener block (see: orac schema --markdown)", rb.File)
	}
	for _, m := range rb.Microphones {
		c.device(m.Address, m.Name, selector(m), fmt.Sprintf("%+v %v", m, rb.Watchdog.SourceCheck), "source_check")
	}
	for _, w := range rb.WAVs {
		c.device(w.Address, w.Name, filepath.Base(w.Path), fmt.Sprintf("%+v %s", w, version(rb, w.Address, "path")))
	}
	for _, l := range rb.Listeners {
		c.listener(l)
	}
	c.services()
	if c.err != nil {
		return nil, c.err
	}
	return c.Graph, nil
}

type compiler struct {
	*Graph
	err error
}

// path is an edge on the way from sound to detection. A microphone does not wait, so neither does its edge: it drops the
// oldest value. A file that is read as fast as possible does wait. Few hops are then under way, so the ring still holds what
// a recorder asks for.
func (c *compiler) path(device runbook.Address, from, to, carries string, capacity int) {
	e := Edge{From: from, To: to, Carries: carries, Capacity: capacity}
	if patient(c.Runbook, device) {
		e.Waits, e.Capacity = true, 4
	}
	c.connect(e)
}

// version distinguishes the file that an attribute names from a different file at the same path; empty
// when it names none.
func version(rb *runbook.Runbook, block runbook.Address, attribute string) string {
	f, ok := rb.NamedFile(block, attribute)
	if !ok {
		return ""
	}
	return f.Version()
}

// brief is a source, a URL or a program as the graph shows it to everybody who may look at the appliance. Folders, and whatever
// follows a host, where a key may stand, are shown only to those who may read the runbook.
func brief(text string) string {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, "?")
		return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:]
	}
	if strings.ContainsRune(text, '/') {
		return filepath.Base(text)
	}
	return text
}

func patient(rb *runbook.Runbook, device runbook.Address) bool {
	w, ok := rb.WAV(device)
	return ok && w.Pace == "fast"
}

// device adds what all listeners of a device share, if it has any. watchdogs lists the extra settings that its
// source depends on.
func (c *compiler) device(a runbook.Address, name, detail, spec string, watchdogs ...string) {
	users := c.users(a)
	if len(users) == 0 {
		return
	}
	source, ring, features := at(Source, name), at(Ring, name), at(Features, name)
	if c.Node(source) != nil {
		c.err = fmt.Errorf("%s: two devices are named %q: rename one of them", c.Runbook.File, name)
		return
	}
	c.add(&Node{
		Address: source, Kind: Source, Block: a, Detail: detail, build: buildSource(a), spec: spec, Claim: string(a),
		Uses: []Use{{Block: a}, {"watchdog", append(watchdogs, "read_stall", "rms_stuck", "retry_delay", "retries", "retry_slow")}},
	})
	recorded := slices.ContainsFunc(users, func(l runbook.Listener) bool { return len(l.Deliver) > 0 })
	c.add(&Node{Address: ring, Kind: Ring, Block: a, Detail: ringTime.String(), build: buildRing, spec: fmt.Sprint("recorded ", recorded)})
	c.add(&Node{Address: features, Kind: Features, Block: a, Detail: "mel, embedding", build: buildFeatures})
	c.path(a, source, ring, "hops", hopsWaiting)
	c.path(a, ring, features, "hops", hopsWaiting)
	if slices.ContainsFunc(users, func(l runbook.Listener) bool { return l.VADThreshold > 0 }) {
		voice := at(Voice, name)
		c.add(&Node{Address: voice, Kind: Voice, Block: a, Detail: "silero", build: buildVoice})
		c.path(a, ring, voice, "hops", hopsWaiting)
	}
	for _, m := range c.Runbook.Models {
		if m.Enabled && slices.ContainsFunc(users, func(l runbook.Listener) bool { return slices.Contains(l.Models, m.Address) }) {
			head := at(Head, name, m.Name)
			c.add(&Node{
				Address: head, Kind: Head, Block: m.Address, Detail: brief(m.Source), build: buildHead(m),
				spec: strings.Join([]string{m.Source, m.SHA256, version(c.Runbook, m.Address, "source")}, " "),
				Uses: []Use{{m.Address, []string{"source", "sha256"}}},
			})
			c.path(a, features, head, "features", hopsWaiting)
		}
	}
}

// users are the listeners of a device that have anything to listen for.
func (c *compiler) users(a runbook.Address) []runbook.Listener {
	return slices.DeleteFunc(slices.Clone(c.Runbook.Listeners), func(l runbook.Listener) bool {
		return l.Device != a || len(c.models(l)) == 0
	})
}

// models are the enabled models of a listener, in its order.
func (c *compiler) models(l runbook.Listener) []runbook.Model { return enabledModels(c.Runbook, l) }

func enabledModels(rb *runbook.Runbook, l runbook.Listener) []runbook.Model {
	var models []runbook.Model
	for _, a := range l.Models {
		if m, _ := rb.Model(a); m.Enabled {
			models = append(models, m)
		}
	}
	return models
}

// listener adds the trigger of a listener and, where its utterances go anywhere, its recorder.
func (c *compiler) listener(l runbook.Listener) {
	models := c.models(l)
	if len(models) == 0 {
		return
	}
	device := l.Device.Name()
	trigger := at(Trigger, l.Name)
	uses := []Use{{l.Address, []string{"device", "models", "multi_trigger", "vad_threshold", "rms_filter"}}}
	for _, m := range models {
		uses = append(uses, Use{m.Address, []string{"threshold", "cooldown", "patience", "topic", "wake_word", "classes", "enabled"}})
	}
	c.add(&Node{
		Address: trigger, Kind: Trigger, Block: l.Address, Detail: thresholds(models), build: buildTrigger(l), spec: string(l.Device), Uses: uses,
	})
	for _, m := range models {
		c.path(l.Device, at(Head, device, m.Name), trigger, "votes", votesWaiting)
	}
	if l.VADThreshold > 0 {
		c.path(l.Device, at(Voice, device), trigger, "votes", votesWaiting)
	}
	if len(l.Deliver) == 0 {
		return
	}
	recorder := at(Recorder, l.Name)
	detail := fmt.Sprintf("pre-roll %v, at most %v", l.Record.PreRoll, l.Record.Max)
	c.add(&Node{
		Address: recorder, Kind: Recorder, Block: l.Address, Detail: detail, build: buildRecorder(l), spec: string(l.Device),
		Uses: []Use{{l.Address, []string{"device", "deliver", "record."}}, {"watchdog", []string{"read_stall"}}, {l.Device, []string{"pace"}}},
	})
	c.connect(Edge{From: trigger, To: recorder, Carries: "wakes", Capacity: wakesWaiting})
	c.connect(Edge{From: recorder, To: at(Ring, device), Carries: "follows", Capacity: asksWaiting, Waits: true})
	c.connect(Edge{From: recorder, To: string(Spool), Carries: "pieces", Capacity: piecesWaiting, Waits: true})
}

// services adds the spool and everything that talks to other programs.
func (c *compiler) services() {
	rb := c.Runbook
	var used []runbook.Address
	for _, l := range rb.Listeners {
		if c.Node(at(Recorder, l.Name)) != nil {
			used = append(used, l.Deliver...)
		}
	}
	if len(used) > 0 {
		c.add(&Node{Address: string(Spool), Kind: Spool, Block: "disk", Detail: rb.Disk.Spool.String(), build: buildSpool, Uses: []Use{{Block: "disk"}, {"store", []string{"keep_audio", "audio_size", "retention"}}}})
	}
	for _, s := range rb.STTs {
		if slices.Contains(used, s.Address) {
			c.service(s)
		}
	}
	for _, h := range rb.Heartbeats {
		c.heartbeat(h)
	}
	for _, w := range rb.Webhooks {
		c.webhook(w)
	}
	c.add(&Node{Address: string(History), Kind: History, Block: "store", Detail: "SQLite, " + language.FormatDuration(rb.Store.Retention), build: buildHistory, Uses: []Use{{Block: "store"}}})
	for _, n := range c.Nodes {
		if n.Kind != History {
			c.connect(Edge{From: n.Address, To: string(History), Carries: "events", Capacity: eventsWaiting, asks: true})
		}
	}
}

func (c *compiler) service(s runbook.STT) {
	delivery := at(Delivery, s.Name)
	target := brief(s.URL)
	if s.Protocol == "exec" && len(s.Command) > 0 {
		target = brief(s.Command[0])
	}
	uses := []Use{{Block: s.Address}}
	if s.Auth != "" {
		uses = append(uses, Use{Block: s.Auth})
	}
	c.add(&Node{Address: delivery, Kind: Delivery, Block: s.Address, Detail: target + wayInWords(s), build: buildDelivery(s), Uses: uses})
	c.connect(Edge{From: delivery, To: string(Spool), Carries: "requests", Capacity: asksWaiting, Waits: true, asks: true})
	if s.Protocol == "orac" {
		probe := at(Probe, s.Name)
		c.add(&Node{Address: probe, Kind: Probe, Block: s.Address, Detail: "every " + s.HealthEvery.String(), build: buildProbe(s), Uses: uses})
		c.connect(Edge{From: probe, To: delivery, Carries: "healthy", Capacity: 1, asks: true})
		c.connect(Edge{From: delivery, To: probe, Carries: "sights", Capacity: 1, asks: true})
	}
}

// wayInWords says how utterances reach a service over the network, and why they are not streamed.
func wayInWords(s runbook.STT) string {
	switch way, why := s.Way(); way {
	case runbook.ByStream:
		return ", streamed"
	case runbook.ByHTTP:
		return ", by HTTP: " + why
	}
	return ""
}

func (c *compiler) heartbeat(h runbook.Heartbeat) {
	address := at(Heartbeat, h.Name)
	detail := brief(c.Runbook.HeartbeatURL(h)) + ", every " + h.Every.String()
	uses := []Use{{Block: h.Address}, {h.STT, []string{"url", "token", "auth", "ca", "client_cert", "client_key"}}}
	if account := c.Runbook.HeartbeatAuth(h); account != "" {
		uses = append(uses, Use{Block: account})
	}
	for _, m := range c.Runbook.Models {
		uses = append(uses, Use{m.Address, []string{"threshold", "topic", "wake_word", "enabled"}})
	}
	c.add(&Node{Address: address, Kind: Heartbeat, Block: h.Address, Detail: detail, build: buildHeartbeat(h), Uses: uses})
	if probe := at(Probe, serviceBehind(c.Runbook, h).Name()); c.Node(probe) != nil {
		c.connect(Edge{From: probe, To: address, Carries: "healthy", Capacity: 1, asks: true})
		c.connect(Edge{From: address, To: probe, Carries: "sights", Capacity: 1, asks: true})
	}
	for _, l := range c.Runbook.Listeners {
		told := len(h.Listeners) == 0 || slices.Contains(h.Listeners, l.Address)
		if told && c.Node(at(Trigger, l.Name)) != nil {
			c.connect(Edge{From: at(Trigger, l.Name), To: address, Carries: "wakes", Capacity: wakesWaiting})
		}
	}
}

// serviceBehind is the speech-to-text service that receives a heartbeat: the one that the heartbeat names, or else the one at its
// address; "" if there is none.
func serviceBehind(rb *runbook.Runbook, h runbook.Heartbeat) runbook.Address {
	if h.STT != "" {
		return h.STT
	}
	to, err := wire.ParseBase(h.URL)
	if err != nil {
		return ""
	}
	for _, s := range rb.STTs {
		if at, err := wire.ParseBase(s.URL); s.Protocol == "orac" && err == nil && at.String() == to.String() {
			return s.Address
		}
	}
	return ""
}

// webhook adds a webhook that has something to report: it lists events, or models name it.
func (c *compiler) webhook(w runbook.Webhook) {
	address := at(Webhook, w.Name)
	var from []string
	for _, l := range c.Runbook.Listeners {
		hooked := func(m runbook.Model) bool { return m.Webhook == w.Address }
		told := slices.Contains(w.Events, "wake") && (len(w.Listeners) == 0 || slices.Contains(w.Listeners, l.Address))
		if models := c.models(l); len(models) > 0 && told || slices.ContainsFunc(models, hooked) {
			from = append(from, at(Trigger, l.Name))
		}
	}
	if len(from) == 0 && len(w.Events) == 0 {
		return
	}
	uses := []Use{{Block: w.Address}, {"appliance", []string{"instance_id"}}, {"disk", []string{"keep_free"}}}
	for _, m := range c.Runbook.Models {
		uses = append(uses, Use{m.Address, []string{"webhook"}})
	}
	for _, l := range w.Listeners {
		uses = append(uses, Use{l, []string{"device"}})
	}
	detail := "timeout " + w.Timeout.String()
	if len(w.Events) > 0 {
		detail = strings.Join(w.Events, ", ") + ", " + detail
	}
	c.add(&Node{Address: address, Kind: Webhook, Block: w.Address, Detail: detail, build: buildWebhook(w), Uses: uses})
	for _, trigger := range from {
		c.connect(Edge{From: trigger, To: address, Carries: "wakes", Capacity: wakesWaiting})
	}
	for _, n := range c.Nodes {
		if len(w.Events) > 0 && (n.Kind == Recorder || n.Kind == Spool || n.Kind == Delivery) {
			c.connect(Edge{From: n.Address, To: address, Carries: "events", Capacity: eventsWaiting, asks: true})
		}
	}
}

// at makes the address of a node.
func at(k Kind, names ...string) string {
	return strings.Join(append([]string{string(k)}, names...), ".")
}

func selector(m runbook.Microphone) string {
	switch {
	case m.Match != "":
		return "match " + m.Match
	case m.Identity != "":
		return m.Identity
	case m.ID != "":
		return "id " + m.ID
	}
	return "the system's first input"
}

func thresholds(models []runbook.Model) string {
	var parts []string
	for _, m := range models {
		parts = append(parts, fmt.Sprintf("%s ≥ %g", m.Name, m.Threshold))
	}
	return strings.Join(parts, ", ")
}

// hops is how many hops fit in d.
func hops(d time.Duration) int { return int(d / audio.HopTime) }
