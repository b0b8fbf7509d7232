package satellite

// In is what may happen to a Voice.
type In interface{ in() }

type (
	// Arrived: Home Assistant wants to serve the satellite, perhaps by another connection than before.
	Arrived struct{}
	// Left: it does not any more.
	Left struct{}
	// Pause: Home Assistant wants nobody to answer until it arrives again.
	Pause struct{}
	// Woken: a wake word was heard.
	Woken struct {
		Wake   string // its ID
		Phrase string
	}
	// Accepted: Home Assistant has answered a Start.
	Accepted struct{ Failed bool }
	// Event: Home Assistant tells how a run goes on.
	Event struct {
		Type EventType
		Data map[string]string
	}
	// Announce: Home Assistant wants something to be heard: Before, and then Media. Converse: it is a question.
	Announce struct {
		Text, Media, Before string
		Converse            bool
	}
	// Sounding: Home Assistant sends a sound. See Sound.
	Sounding struct{ URL string }
	// Timer: Home Assistant tells of a timer.
	Timer struct {
		Type          TimerType
		ID, Name      string
		Seconds, Left int
		Active        bool
	}
	// Ended: a sound is over, whatever the reason.
	Ended struct {
		ID string
		OK bool // it was heard to its end
	}
	// Stop: somebody wants silence.
	Stop struct{}
	// Muted: the listener does not listen any more.
	Muted struct{}
	// SoundLost: the microphone gives nothing any more.
	SoundLost struct{}
	// Tick: time has passed. See Voice.Due.
	Tick struct{}
)

func (Arrived) in()   {}
func (Left) in()      {}
func (Pause) in()     {}
func (Sounding) in()  {}
func (Woken) in()     {}
func (Accepted) in()  {}
func (Event) in()     {}
func (Announce) in()  {}
func (Timer) in()     {}
func (Ended) in()     {}
func (Stop) in()      {}
func (Muted) in()     {}
func (SoundLost) in() {}
func (Tick) in()      {}

// EventType is what an Event tells. The numbers are those of ESPHome's API.
type EventType uint32

// The events.
const (
	EventError          EventType = 0
	EventRunStart       EventType = 1
	EventRunEnd         EventType = 2
	EventSTTStart       EventType = 3
	EventSTTEnd         EventType = 4
	EventIntentStart    EventType = 5
	EventIntentEnd      EventType = 6
	EventTTSStart       EventType = 7
	EventTTSEnd         EventType = 8
	EventVADStart       EventType = 11
	EventVADEnd         EventType = 12
	EventIntentProgress EventType = 100
)

// TimerType is what has happened to a timer. The numbers are those of ESPHome's API.
type TimerType uint32

// What happens to timers.
const (
	TimerStarted   TimerType = 0
	TimerUpdated   TimerType = 1
	TimerCancelled TimerType = 2
	TimerFinished  TimerType = 3
)

// Do is what a Voice wants done.
type Do interface{ do() }

type (
	// Start asks Home Assistant for a run. Phrase is the wake word; "" for a conversation that goes on.
	Start struct{ Phrase, Conversation string }
	// Abort tells it that the run is not wanted any more.
	Abort struct{}
	// EndSound tells it that no more sound comes.
	EndSound struct{}
	// Finished tells it that an answer or an announcement is over.
	Finished struct{ OK bool }
	// Open begins to take sound for the run, and keeps it. Stream begins to send it, first what was kept. Close ends both.
	Open   struct{}
	Stream struct{}
	Close  struct{}
	// Chime plays one of the sounds of the satellite.
	Chime struct{ Name string }
	// Play plays a sound of Home Assistant. Its end is told by Ended.
	Play struct {
		ID, URL string
		Aloud   bool // an announcement: before answers
	}
	// Silence ends the sound of an ID. Its Ended does not matter any more.
	Silence struct{ ID string }
	// Hand leaves a wake to others: Home Assistant is not there, or has not heard the command.
	Hand struct{ Wake, Why string }
	// Heard: Home Assistant has understood what was said.
	Heard struct{ Wake, Text string }
	// Said: Home Assistant says this.
	Said struct{ Wake, Text string }
	// Over: a run is over. Why is empty if all went well. Lost: the command was not carried out, as far as is known. Handed: it is left to
	// others by a Hand.
	Over struct {
		Wake, Why    string
		Lost, Handed bool
	}
)

func (Start) do()    {}
func (Abort) do()    {}
func (EndSound) do() {}
func (Finished) do() {}
func (Open) do()     {}
func (Stream) do()   {}
func (Close) do()    {}
func (Chime) do()    {}
func (Play) do()     {}
func (Silence) do()  {}
func (Hand) do()     {}
func (Heard) do()    {}
func (Said) do()     {}
func (Over) do()     {}

// The sounds of a satellite.
const (
	ChimeWake  = "wake"
	ChimeError = "error" // a command is lost; a Voice leaves it to whoever hears of an Over
	ChimeTimer = "timer"
)
