package runbook

import (
	"cmp"
	"fmt"
	"time"

	"orac/runbook/language"
)

// Belonging is what ORAC is to other programs of the house.
type Belonging struct {
	Wyomings []Wyoming
	ESPHomes []ESPHome
	MQTTs    []MQTT

	WyomingSatellites []WyomingSatellite
}

var belonging = []*language.BlockType{wyomingBlock, esphomeBlock, wyomingSatelliteBlock, mqttBlock}

// Wyoming is a voice service for Home Assistant, by the Wyoming protocol.
type Wyoming struct {
	Address        Address
	Name           string
	Serve          string        `hcl:"serve"`  // ServeSTT or ServeWake
	Engine         Address       `hcl:"engine"` // an stt block with the protocol embedded; "" for wake words
	Models         []Address     `hcl:"models"` // empty: all enabled ones; see ServedModels
	Listen         string        `hcl:"listen"` // host:port, or "": see ListensAt
	Unprotected    bool          `hcl:"unprotected_on_the_network"`
	Advertise      bool          `hcl:"advertise"`
	MaxConnections int           `hcl:"max_connections"`
	PerAddress     int           `hcl:"per_address"`
	MaxStreams     int           `hcl:"max_streams"`
	Idle           time.Duration `hcl:"idle"`
	MaxSound       time.Duration `hcl:"max_sound"`
	MaxBytes       language.Size `hcl:"max_bytes"`
}

// What a wyoming block serves.
const (
	ServeSTT  = "stt"
	ServeWake = "wake"
)

// usualListen is where Home Assistant's users expect the services.
var usualListen = map[string]string{ServeSTT: "127.0.0.1:10300", ServeWake: "127.0.0.1:10400"}

// ListensAt is the address at which the service is served.
func (w Wyoming) ListensAt() string { return cmp.Or(w.Listen, usualListen[w.Serve]) }

// ServesOthers tells whether other programs may ask something of the appliance, so that it has something to do without a listener.
func (rb *Runbook) ServesOthers() bool {
	return len(rb.STTServers)+len(rb.Wyomings)+len(rb.Satellites())+len(rb.CoreServers) > 0 || rb.Issuer.URL != ""
}

// ServedModels are the models of a wyoming block that serves wake words, in the order of the runbook.
func (rb *Runbook) ServedModels(w Wyoming) (list []Model) {
	if w.Serve != ServeWake {
		return nil
	}
	named := map[Address]bool{}
	for _, a := range w.Models {
		named[a] = true
	}
	for _, m := range rb.Models {
		if m.Enabled && (len(named) == 0 || named[m.Address]) {
			list = append(list, m)
		}
	}
	return list
}

var wyomingBlock = &language.BlockType{
	Type: "wyoming", Named: true,
	Doc:  "Serves speech to text, or wake words, to Home Assistant by the Wyoming protocol. The protocol has no login and no encryption.",
	Slot: language.Into(func(rb *Runbook) any { return &rb.Wyomings }),
	Example: `wyoming "wake" {
  serve = "wake"
}`,
	Attributes: []language.Attribute{
		{Name: "serve", Kind: language.Enum, Gives: language.Tunes, OnChange: language.Restart, Required: true, Values: []string{ServeSTT, ServeWake}, Example: `"wake"`,
			Doc: "stt turns the sound of clients into text. wake tells clients when a wake word is in their sound."},
		{Name: "engine", Kind: language.Ref, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"stt"}, Example: "stt.local",
			Doc: "The engine that understands speech, for serve = \"stt\": an stt block with protocol embedded."},
		{Name: "models", Kind: language.Refs, Gives: language.Tunes, OnChange: language.InPlace, Refs: []string{"model"}, Example: "[model.hey_jarvis]",
			Doc: "The models that clients may use, for serve = \"wake\". If empty, all that are enabled. Their threshold, cooldown and patience apply."},
		{Name: "listen", Kind: language.String, Gives: language.Opens, OnChange: language.Restart, Example: `"127.0.0.1:10300"`, NoWider: sameOrLoopback,
			Pattern: listenPattern, Expect: `HOST:PORT, like "127.0.0.1:10300" or ":10300" for every address; a port is 1 to 65535`,
			DefaultDoc: "127.0.0.1:10300 for stt, 127.0.0.1:10400 for wake",
			Doc:        "The address at which the service is served."},
		{Name: "unprotected_on_the_network", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether everybody on the network may use the service, without a login, and voices may cross the network unencrypted. When false, it is served to this machine only."},
		{Name: "advertise", Kind: language.Bool, Gives: language.Opens, OnChange: language.InPlace, Default: "false",
			Doc: "Whether the service announces itself on the network (mDNS, `_wyoming._tcp`), so that Home Assistant finds it. Its name is made of the names of the appliance and of this block."},
		{Name: "max_connections", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "32", Min: "2", Max: "1000", Unit: "connections",
			Doc: "How many connections are open at a time. A further one takes the place of the one that has been idle longest, or is refused."},
		{Name: "per_address", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "16", Min: "1", Max: "1000", Unit: "connections",
			Doc: "How many of them one address may have."},
		{Name: "max_streams", Kind: language.Int, Gives: language.Tunes, OnChange: language.InPlace, Default: "4", Min: "1", Max: "32", Unit: "streams",
			Doc: "How many clients may send sound at a time. A further one is told to come back later. For wake words, each needs some 10 MB of memory."},
		{Name: "idle", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "60s", Min: "5s", Max: "1h",
			Doc: "A client that sends no whole event for this long is disconnected, unless it waits for an answer."},
		{Name: "max_sound", Kind: language.Duration, Gives: language.Tunes, OnChange: language.InPlace, Default: "60s", Min: "1s", Max: "5m",
			Doc: "How much of the sound of one request is understood, for serve = \"stt\". What comes after that is ignored. More than 15 s is understood in pieces, cut where it is quiet."},
		{Name: "max_bytes", Kind: language.ByteSize, Gives: language.Tunes, OnChange: language.InPlace, Default: "64MiB", Min: "1MiB", Max: "1GiB",
			Doc: "How many bytes of sound one request may have, for serve = \"stt\". A client that sends more is disconnected."},
	},
	Rules: []language.Rule{
		language.RequiredWhen("serve", ServeSTT, "engine", `Add engine = stt.NAME, the address of an stt block with protocol = "embedded".`),
		language.OnlyWhen("serve", ServeSTT, "engine"),
		language.OnlyWhen("serve", ServeSTT, "max_sound"),
		language.OnlyWhen("serve", ServeSTT, "max_bytes"),
		language.OnlyWhen("serve", ServeWake, "models"),
		language.NotMoreThan("per_address", "max_connections", "One address cannot have more connections than all together."),
	},
}

// wyomingRules are what a wyoming block may not say together with other blocks.
var wyomingRules = []language.Between{
	{Doc: "If other machines can reach a wyoming block, it needs unprotected_on_the_network = true.", Check: wyomingIsSafe},
	{Doc: "The engine of a wyoming block is an stt block with protocol embedded.", Check: wyomingHasEngine},
	{Doc: "A wyoming block may not listen where another server listens.", Check: wyomingsDiffer},
}

func wyomingIsSafe(value any, d *language.Document) (found language.Diagnostics) {
	for _, w := range value.(*Runbook).Wyomings {
		switch open := !IsLoopback(w.ListensAt()); {
		case open && !w.Unprotected:
			found = append(found, d.Problem(w.Address, "listen", language.Error, fmt.Sprintf("other machines can reach %s, and the protocol has no login and no encryption", w.ListensAt()),
				fmt.Sprintf("Listen at %q. To let everybody on the network use it, add unprotected_on_the_network = true.", usualListen[w.Serve])))
		case w.Advertise && !open:
			found = append(found, d.Problem(w.Address, "advertise", language.Error, fmt.Sprintf("no other machine can reach %s", w.ListensAt()),
				"Leave advertise out, or listen at an address of the network."))
		}
	}
	return found
}

func wyomingHasEngine(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, w := range rb.Wyomings {
		if s, ok := rb.STT(w.Engine); ok && !s.Embedded() {
			found = append(found, d.Problem(w.Address, "engine", language.Error, fmt.Sprintf("engine is %s, which is another program's service", w.Engine),
				`Name an stt block with protocol = "embedded".`))
		}
	}
	return found
}

func wyomingsDiffer(value any, d *language.Document) (found language.Diagnostics) {
	rb := value.(*Runbook)
	for _, w := range rb.Wyomings {
		if _, other, taken := rb.before(w.Address); taken {
			found = append(found, d.Problem(w.Address, "listen", language.Error, fmt.Sprintf("%s listens at %s already", other.server, other.listen),
				"Home Assistant asks each service at a port of its own: give this one another port."))
		}
	}
	return found
}
