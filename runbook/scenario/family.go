package scenario

import "strings"

// Family is what a kind of fault endangers. The judge, both runners and the timeline derive from it how they treat the kind.
type Family struct {
	Name  string
	Class Class

	Deafens  bool // sound is certain to stop
	Sound    bool // it may keep sound from the models
	Delivery bool // it may keep utterances from being delivered
	Unheard  bool // a wake word that is spoken meanwhile may go unheard
	Starves  bool // nodes may not run, so that sound is lost between them
	Answers  bool // an answer may be lost on its way to the appliance
	Refuses  bool // the disk may refuse what is written

	// complaints are the components that the appliance may complain about. A fault's target completes a name that ends in a dot,
	// and an empty one; without a target every name fits.
	complaints []string
}

// Class is the colour of a family on a timeline.
type Class string

// The classes.
const (
	SoundClass   Class = "sound"
	NetClass     Class = "net"
	DiskClass    Class = "disk"
	ProcessClass Class = "process"
)

// What a promise of recovery can mean.
const (
	MeansSound     = "sound"     // hops reach the models
	MeansHealth    = "health"    // the appliance calls itself healthy
	MeansDelivered = "delivered" // no utterance is waiting
)

// The families.
var (
	deaf        = &Family{Name: "no sound", Class: SoundClass, Deafens: true, Sound: true, Unheard: true, complaints: []string{"source."}}
	dim         = &Family{Name: "changed sound", Class: SoundClass, Sound: true, Unheard: true, complaints: []string{"source."}}
	service     = &Family{Name: "speech-to-text", Class: NetClass, Delivery: true, Answers: true, complaints: []string{"stt.", "delivery.", "probe."}}
	engine      = &Family{Name: "engine", Class: ProcessClass, Delivery: true, complaints: []string{"engine.", "delivery."}}
	heartbeat   = &Family{Name: "heartbeat", Class: NetClass, complaints: []string{"heartbeat."}}
	webhook     = &Family{Name: "webhook", Class: NetClass, complaints: []string{"webhook."}}
	collector   = &Family{Name: "collector", Class: NetClass, complaints: []string{"traces"}}
	broker      = &Family{Name: "broker", Class: NetClass, complaints: []string{"mqtt."}}
	core        = &Family{Name: "core", Class: NetClass, complaints: []string{"forward."}}
	backend     = &Family{Name: "backend", Class: NetClass, complaints: []string{"backend."}}
	reply       = &Family{Name: "answers of a backend", Class: NetClass} // each command that it is about says so
	mind        = &Family{Name: "language model", Class: NetClass, complaints: []string{"language_model."}}
	visitors    = &Family{Name: "voice clients", Class: NetClass}
	proof       = &Family{Name: "tokens", Class: NetClass, Delivery: true, complaints: []string{"login."}}
	loudspeaker = &Family{Name: "speaker", Class: SoundClass, complaints: []string{"player."}}
	synthesis   = &Family{Name: "spoken texts", Class: NetClass}   // each sound that it is about says so
	sounding    = &Family{Name: "fetched sounds", Class: NetClass} // the same
	satellite   = &Family{Name: "Home Assistant", Class: NetClass, complaints: []string{"esphome.", "wyoming_satellite."}}
	disk        = &Family{Name: "disk", Class: DiskClass, Delivery: true, Refuses: true, complaints: []string{"disk", "spool", "history"}}
	node        = &Family{Name: "node", Class: ProcessClass, Sound: true, Delivery: true, Unheard: true, Starves: true, complaints: []string{""}}
	processor   = &Family{Name: "processor", Class: ProcessClass, Sound: true, Delivery: true, Unheard: true, Starves: true, Answers: true, complaints: []string{"loop"}}
	exhausted   = &Family{Name: "descriptors", Class: ProcessClass, Sound: true, Delivery: true, Unheard: true, Refuses: true}
	memory      = &Family{Name: "memory", Class: ProcessClass, Sound: true, Delivery: true, complaints: []string{"memory", "process"}}
	process     = &Family{Name: "process", Class: ProcessClass, Deafens: true, Sound: true, Delivery: true, Unheard: true, Answers: true, complaints: []string{"process"}}
	clock       = &Family{Name: "clock", Class: ProcessClass}
	change      = &Family{Name: "change", Class: ProcessClass, Sound: true, Delivery: true, Unheard: true}
	muted       = &Family{Name: "muted", Class: ProcessClass, Unheard: true}

	// unknown is the family of kinds that are not in the table, such as those in the report of a newer version.
	unknown = &Family{Name: "unknown", Class: ProcessClass}
)

// About tells whether a component that the appliance complains about is affected by a fault with a target.
func (i Info) About(target, component string) bool {
	if i.Harmless {
		return false
	}
	for _, c := range i.Family.complaints {
		if c != "" && !strings.HasSuffix(c, ".") {
			if c == component {
				return true
			}
			continue
		}
		if name, ok := strings.CutPrefix(component, c); ok && (target == "" || name == target) {
			return true
		}
	}
	return false
}

// Disturbs tells whether a fault of the kind may prevent the recovery that a promise means: MeansSound, MeansHealth or MeansDelivered.
func (i Info) Disturbs(means string) bool {
	switch {
	case i.Harmless:
		return false
	case means == MeansSound:
		return i.Family.Sound
	case means == MeansDelivered:
		return i.Family.Delivery
	}
	return true
}
