package play

import (
	"fmt"
	"io"
	"time"

	"orac/appliance/rt"
)

const (
	// Rate is the sample rate of everything that is mixed and played, in samples per second.
	Rate = 48000
	// FrameSamples is how much is mixed at a time.
	FrameSamples = 960
	// FrameTime is how long a frame lasts: 20 ms.
	FrameTime = FrameSamples * time.Second / Rate
)

// Frame is 20 ms of mono sound.
type Frame [FrameSamples]int16

// Time is the duration of this many frames.
func Time(frames uint64) time.Duration { return time.Duration(frames) * FrameTime }

// Priority says which sound goes first.
type Priority int

// The priorities, from the lowest.
const (
	Media        Priority = iota + 1 // music: goes on beneath the others, quieter; a new one takes the place of the one before
	Chime                            // a short sound that tells what ORAC does: it is never interrupted
	Answer                           // what is said after a command: a wake word ends it
	Announcement                     // what is said to everybody in the room
)

var priorities = map[Priority]string{Media: "media", Chime: "chime", Answer: "answer", Announcement: "announcement"}

func (p Priority) String() string { return priorities[p] }

// Patience is how long a sound of the priority may wait for its turn, if its request does not say: what is said too late is worse than
// silence.
func (p Priority) Patience() time.Duration {
	switch p {
	case Chime:
		return time.Second
	case Answer:
		return 20 * time.Second
	}
	return 2 * time.Minute
}

// Request is a sound to play.
type Request struct {
	ID       string   // whoever asks chooses it: to stop the sound, and in what is told of it
	Of       string   // the ID of the command that it belongs to; "" for none
	Priority Priority // required
	Source   Source
	What     string        // what it is, for people: "the wake chime"
	Volume   float64       // beside that of the speaker, 0 to 1; 0 is 1
	Patience time.Duration // how long it may wait for its turn; 0: see Priority.Patience
}

// Source is where a sound comes from. One of its fields is set.
type Source struct {
	Frames []Frame // in memory: it can be played at once
	File   string  // path of a WAV, FLAC, MP3 or Opus file
	URL    string  // http or https address of one
	Stream *Stream // that somebody writes while it is played
	Say    *Say    // a text
}

// Format says what the samples of a Stream are.
type Format struct {
	Rate     int // samples per second: 8000 to 192000
	Channels int // 1 to 8; they are averaged
}

// Stream is sound that comes while it is played: little-endian int16, as WAV has it. Whoever writes it sends chunks and closes the mailbox
// at the end. A mailbox that the player has closed tells the writer that nobody plays it any more.
type Stream struct {
	Format Format
	Chunks *rt.Mailbox[Chunk]
}

// NewStream makes a stream whose writer is some chunks ahead of the speaker; more wait in Mailbox.Send.
func NewStream(f Format) *Stream {
	return &Stream{Format: f, Chunks: rt.NewPatientMailbox[Chunk]("stream", 8)}
}

// MostChunk bounds a chunk, in samples of all channels.
const MostChunk = 1 << 16

// Chunk is a piece of a Stream, or why it ends early.
type Chunk struct {
	PCM []int16 // frames of all channels, at most MostChunk
	Err error
}

// Cause is why a sound ended.
type Cause string

// The causes.
const (
	Done     Cause = "done"     // it was played to its end
	Stopped  Cause = "stopped"  // somebody stopped it
	Barged   Cause = "barge-in" // a wake word stopped it
	Replaced Cause = "replaced" // another media took its place
	Late     Cause = "late"     // its turn did not come in time
	Failed   Cause = "failed"   // it could not be read, or there was no speaker
)

// Told is what whoever asked is told: that a sound begins to be heard, and that it has ended.
type Told struct {
	ID     string
	Ended  bool
	Cause  Cause         // of its end
	Err    error         // of a failure
	Played time.Duration // how much of it was heard
}

// Sound is a sound that is being read, at Rate, mono.
type Sound interface {
	// Read fills a frame, and returns how many of its samples are sound: fewer only at the end. io.EOF: there is no more. It returns when
	// the task is told to stop.
	Read(t *rt.Task, f *Frame) (int, error)
	Close()
}

// Opener opens what a request names. It may take as long as the network does; it returns when the task is told to stop.
type Opener func(t *rt.Task, s Source) (Sound, error)

// Speaker opens a loudspeaker.
type Speaker interface {
	// Open finds the device and starts it. It returns within the speaker's own deadline. Its error names the device, the cause and the
	// way out.
	Open(t *rt.Task) (Output, error)
}

// Output is an open speaker. One that fails stays failed: close it and open another.
type Output interface {
	// Write hands over the next frame. It does not wait: never have more than Lead frames under way. Its error is that the speaker is lost.
	Write(t *rt.Task, f *Frame) error
	// Played counts frames that the device has taken since Open; it is told as they are taken. The mailbox closes when the speaker is lost:
	// Err then says why.
	Played() *rt.Mailbox[uint64]
	Err() error
	// Identity names the device, so that it can be told from another after a replug.
	Identity() string
	// Close frees the device. It returns in bounded time, in whatever state the device is.
	Close(t *rt.Task)
}

// Lead is how many frames may be under way to a speaker: fewer, and a busy machine is heard as gaps; more, and a stop is heard late.
const Lead = 4

// InMemory reads a sound to its end, for one that must begin at once. most bounds it.
func InMemory(t *rt.Task, s Sound, most time.Duration) (list []Frame, err error) {
	for {
		var f Frame
		n, err := s.Read(t, &f)
		if n > 0 {
			if Time(uint64(len(list)+1)) > most {
				return nil, fmt.Errorf("it is longer than %v", most)
			}
			list = append(list, f)
		}
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
