// Package tts has texts spoken: by a command, a Wyoming service, or a server with OpenAI's interface for speech.
//
// It guarantees: a text is one line of printable characters of a bounded length when it leaves ORAC. What comes back is bounded, and whatever
// it is, it becomes sound or an error that says what is wrong. Speaking ends within its timeout, or at once when its task is told to stop.
package tts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"orac/appliance/audio/sounds"
	"orac/appliance/play"
	"orac/appliance/program"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/stt/wire"
	"orac/appliance/wyoming"
)

// Voice speaks texts. Several tasks may use it at once.
type Voice interface {
	// Speak returns the sound of a text.
	Speak(t *rt.Task, text string) (play.Sound, error)
}

// TextArgument stands for the text in a command.
const TextArgument = "{text}"

// mostSound bounds the sound of a text, in bytes: five minutes of 22.05 kHz.
const mostSound = 13 << 20

// minus is what a number below zero begins with, other than a dash.
const minus = "\u2212"

// plain makes one line of a text that says something. It does not begin with a dash, so no program takes it for an option; that of a number
// becomes a minus, since five degrees are not five below zero.
func plain(text string) (string, error) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.Join(strings.Fields(text), " ")
	bare := strings.TrimLeft(text, "- ")
	if strings.HasSuffix(strings.TrimSuffix(text, bare), "-") && bare != "" && '0' <= bare[0] && bare[0] <= '9' {
		bare = minus + bare
	}
	text = bare
	for len(text) > play.MostText || !utf8.ValidString(text) {
		text = text[:min(len(text), play.MostText+1)-1]
	}
	if text == "" {
		return "", errors.New("there is nothing to say")
	}
	return text, nil
}

// Exec is a command that writes a sound to its standard output.
type Exec struct {
	Command []string // a program and its arguments; the text replaces {text}, or is the last one
	Timeout time.Duration
	TempDir string // where it runs
}

// Speak implements Voice.
func (x *Exec) Speak(t *rt.Task, text string) (play.Sound, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	var command []string
	there := false
	for _, a := range x.Command {
		if strings.Contains(a, TextArgument) {
			a, there = strings.ReplaceAll(a, TextArgument, text), true
		}
		command = append(command, a)
	}
	if !there {
		command = append(command, text)
	}
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeout(stop, x.Timeout)
	defer done()
	r, err := program.Run(ctx, program.Spec{Command: command, Dir: x.TempDir, MaxOutput: mostSound})
	switch name := x.Command[0]; {
	case t.Stopping():
		return nil, rt.ErrStopped
	case r.Full:
		return nil, fmt.Errorf("%s wrote more than %d MiB of sound", name, mostSound>>20)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s was killed after %v%s", name, x.Timeout, r.Said())
	case err != nil:
		return nil, fmt.Errorf("%s: %w%s", name, err, r.Said())
	case r.Output == "":
		return nil, fmt.Errorf("%s wrote no sound to its standard output%s", name, r.Said())
	default:
		return decoded(name, []byte(r.Output))
	}
}

func decoded(who string, text []byte) (play.Sound, error) {
	s, err := sounds.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("what %s sent: %w", who, err)
	}
	return s, nil
}

// OpenAI is a server with OpenAI's interface for speech.
type OpenAI struct {
	base         wire.Base
	client       *wire.Client
	model, voice string
}

// OpenAIConfig says how one is reached.
type OpenAIConfig struct {
	URL, Model, Voice string
	Token             wire.Secret
	TLS               wire.TLS
	Timeout           time.Duration
}

// NewOpenAI makes a client; it connects to nothing yet.
func NewOpenAI(c OpenAIConfig) (*OpenAI, error) {
	base, err := wire.ParseBaseOf(c.URL, "/v1/")
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	client, err := wire.NewClient(wire.Options{Timeout: c.Timeout, Token: c.Token, TLS: c.TLS, Peer: "a server with OpenAI's interface for speech", Answer: mostSound})
	if err != nil {
		return nil, err
	}
	return &OpenAI{base, client, c.Model, c.Voice}, nil
}

// Speak implements Voice.
func (o *OpenAI) Speak(t *rt.Task, text string) (play.Sound, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	body := asJSON(map[string]string{"model": o.model, "input": text, "voice": o.voice, "response_format": "wav"})
	answer, err := o.client.Do(t, wire.Request{
		Op: "speak", Method: "POST", URL: o.base.HTTP(nil, "v1", "audio", "speech"), ContentType: "application/json", Body: body,
	})
	if err != nil {
		return nil, err
	}
	return decoded(o.base.String(), answer)
}

// Wyoming is a text-to-speech service of Home Assistant.
type Wyoming struct {
	address string
	voice   string
	timeout time.Duration
}

// NewWyoming makes a client of the service at tcp://HOST:PORT; it connects to nothing yet.
func NewWyoming(url, voice string, timeout time.Duration) (*Wyoming, error) {
	address, err := wyoming.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	return &Wyoming{address, voice, timeout}, nil
}

// Speak implements Voice.
func (w *Wyoming) Speak(t *rt.Task, text string) (play.Sound, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	stop, cancel := live.Context(t)
	defer cancel()
	ctx, done := context.WithTimeoutCause(stop, w.timeout, fmt.Errorf("no answer within %v", w.timeout))
	defer done()
	fail := func(err error) error {
		if t.Stopping() {
			return rt.ErrStopped
		}
		return fmt.Errorf("speaking by tcp://%s: %w", w.address, err)
	}
	conn, err := wyoming.Dial(ctx, w.address)
	if err != nil {
		return nil, fail(err)
	}
	defer conn.Close()
	format, pcm, err := conn.Synthesize(text, w.voice, mostSound)
	if err != nil {
		return nil, fail(err)
	}
	s, err := sounds.Samples(pcm, format.Rate, format.Width, format.Channels)
	if err != nil {
		return nil, fail(err)
	}
	return s, nil
}
