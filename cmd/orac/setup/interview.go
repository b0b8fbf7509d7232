package setup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"orac/appliance/audio/capture"
	"orac/cmd/orac/screen"
	"orac/models"
	"orac/models/detect"
	"orac/runbook"
	"orac/runbook/cells"
)

// Program is what the interview needs from the program around it.
type Program struct {
	// Parse reads the output of Write.
	Parse func(text []byte) (*runbook.Runbook, error)
	// Hearing returns what a runbook listens for, with its rules and the store of its models.
	Hearing func(*runbook.Runbook) (detect.Config, error)
	// Missing names the models of the catalogue that a runbook needs and that are not here.
	Missing func(*runbook.Runbook) []string
	// Pull fetches models of the catalogue for a runbook, and shows its progress.
	Pull func(ctx context.Context, rb *runbook.Runbook, names []string) error
}

// Interview asks in a terminal.
type Interview struct {
	Program
	Keys *Keys
	Out  *screen.Screen
}

// Ask asks what is not answered yet: at most five questions.
func (i *Interview) Ask(ctx context.Context, a Answers) (Answers, error) {
	looking, stop := context.WithCancel(ctx)
	defer stop()
	found := make(chan *Service, 1)
	go func() { found <- FindService(looking) }() // while the first questions are asked

	q := questions{Interview: i, terminal: &terminal{i.Keys, i.Out}, answers: a, found: found}
	for _, ask := range []func(context.Context) error{q.microphone, q.wakeWord, q.trial, q.service, q.console} {
		if err := ask(ctx); err != nil {
			return a, err
		}
	}
	return q.answers, nil
}

// questions is the state of one interview.
type questions struct {
	*Interview
	*terminal
	answers Answers
	found   <-chan *Service
}

// later is the answer that leaves the microphone open.
const later = "none of these: the system's default at the time ORAC starts"

func (q *questions) microphone(ctx context.Context) error {
	if q.answers.Microphone != nil {
		return nil
	}
	b := newBoard(ctx)
	var list []meter
	choice := &choice{
		question: "Which microphone? Speak, and see which bar moves.",
		hint:     "a number or ↑ ↓, then Enter · one that you plug in appears here",
		changed:  b.changed,
		lines: func() (lines []string) {
			list, _, _, _ = b.shown()
			for _, m := range list {
				lines = append(lines, fmt.Sprintf("%s %s %s", column(m.Name, 32), q.bar(m.level), screen.Clean(m.says())))
			}
			return append(lines, later)
		},
		note: func() (lines []string) {
			list, looked, notes, err := b.shown()
			switch {
			case !looked:
				return []string{q.out.Faint("looking for microphones …")}
			case err != nil:
				return []string{q.out.Warn(screen.Clean(err.Error()))}
			case len(list) > 0:
				return nil
			}
			lines = []string{q.out.Warn("No microphone is plugged in, or the audio server does not run.")}
			for _, note := range notes {
				lines = append(lines, q.out.Faint(screen.Clean(note)))
			}
			return lines
		},
	}
	n, err := q.choose(ctx, choice)
	b.close()
	if err != nil {
		return err
	}
	q.answers.Microphone = &Microphone{}
	if n < len(list) {
		q.answers.Microphone.Device = list[n].Device
	}
	q.settled("microphone", q.answers.Microphone.says())
	return nil
}

// says names a microphone.
func (m Microphone) says() string {
	if m.Identity == "" {
		return "the system's default"
	}
	return m.Name
}

func (q *questions) wakeWord(ctx context.Context) error {
	if len(q.answers.Models) > 0 {
		return nil
	}
	words := WakeWords()
	n, err := q.choose(ctx, &choice{
		question: "Which words wake it?",
		hint:     "you can add more words, and your own, to the runbook later",
		lines: func() (lines []string) {
			for _, e := range words {
				lines = append(lines, column("“"+e.WakeWord+"”", 32)+" "+q.out.Faint(Licence(e.Licence)))
			}
			return lines
		},
	})
	if err != nil {
		return err
	}
	q.answers.Models = []string{words[n].Name}
	q.settled("wake word", fmt.Sprintf("“%s” (%s)", words[n].WakeWord, Licence(words[n].Licence)))
	return nil
}

// trial lets the person try the wake word, once its model is there.
func (q *questions) trial(ctx context.Context) error {
	rb, err := q.draft(ctx)
	if err != nil {
		return err
	}
	config, err := q.Hearing(rb)
	if err != nil {
		return err
	}
	d, err := detect.Open(ctx, config)
	var missing *models.MissingError
	if errors.As(err, &missing) {
		question := "The model is not here yet. Fetch it now and try it?"
		switch {
		case slices.Contains(missing.Names, "onnxruntime"):
			question = "The model and what runs it are not here yet. Fetch them now (130 MB)?"
		case len(missing.Names) > 1:
			question = "The model and what it needs are not here yet. Fetch them now (17 MB)?"
		}
		if fetched, err := q.fetch(ctx, rb, missing.Names, question); err != nil || !fetched {
			return err
		}
		if config, err = q.Hearing(rb); err == nil { // the store may have changed
			d, err = detect.Open(ctx, config)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // the runbook is useful all the same
		fmt.Fprintf(q.out, "%s the model cannot be tried: %s\n", q.out.Warn("!"), screen.Clean(err.Error()))
		return nil
	}
	tr := &trial{term: q.terminal, say: saying(q.answers.Models), needs: rb.Models[0].Threshold, changed: make(chan struct{}, 1)}
	if err := tr.run(ctx, *q.answers.Microphone, d); err != nil {
		return err
	}
	q.settled("trial", tr.outcome())
	return nil
}

// draft returns the runbook of the answers so far.
func (q *questions) draft(ctx context.Context) (*runbook.Runbook, error) {
	text, err := Write(ctx, q.answers)
	if err != nil {
		return nil, err
	}
	return q.Parse(text)
}

// fetch downloads missing models, if the person agrees. Without the network the interview
// continues.
func (q *questions) fetch(ctx context.Context, rb *runbook.Runbook, names []string, question string) (bool, error) {
	yes, err := q.confirm(ctx, question, true)
	if err != nil || !yes {
		if err == nil {
			q.settled("model", "fetch it later: orac models pull")
		}
		return false, err
	}
	err = q.Pull(ctx, rb, names)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		fmt.Fprintf(q.out, "%s %s\n", q.out.Warn("!"), screen.Clean(err.Error()))
		return false, nil
	}
	return true, nil
}

func (q *questions) service(ctx context.Context) error {
	if q.answers.Service != nil {
		return nil
	}
	type way struct {
		text    string
		service *Service // nil: ask for an address
	}
	var ways []way
	select {
	case s := <-q.found:
		if s.URL != "" {
			ways = append(ways, way{"the ORAC STT server on this machine, " + s.URL, s})
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	ways = append(ways,
		way{"this machine, without a server and a network: it understands English", Embedded()},
		way{"an ORAC STT server on another machine", nil},
		way{"nothing yet: ORAC shows that it woke, but records nothing", &Service{}},
	)
	for {
		n, err := q.choose(ctx, &choice{
			question: "What turns the command that follows into text?",
			hint:     "a number or ↑ ↓, then Enter",
			lines: func() (lines []string) {
				for _, w := range ways {
					lines = append(lines, w.text)
				}
				return lines
			},
		})
		if err != nil {
			return err
		}
		s := ways[n].service
		if s == nil {
			if s, err = q.server(ctx); err != nil {
				return err
			}
		}
		if s != nil {
			q.answers.Service = s
			q.settled("service", s.says())
			return q.engine(ctx)
		}
	}
}

// engine fetches what an engine needs that is not here yet.
func (q *questions) engine(ctx context.Context) error {
	if q.answers.Service.Engine == "" {
		return nil
	}
	rb, err := q.draft(ctx)
	if err != nil {
		return err
	}
	if names := q.Missing(rb); len(names) > 0 {
		_, err = q.fetch(ctx, rb, names, "What understands speech is not here yet. Fetch it now (72 MB)?")
	}
	return err
}

// server asks for the address of a server, and asks the server for its state. nil: the person wants a
// different answer.
func (q *questions) server(ctx context.Context) (*Service, error) {
	address, err := q.ask(ctx, "Where is the server?", "its address, like http://stt.local:7272", "http://", CheckAddress)
	if err != nil {
		return nil, err
	}
	q.out.Move("asking " + screen.Clean(address) + " …")
	word, err := Probe(ctx, address)
	q.out.Still()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		fmt.Fprintf(q.out, "%s %s answers: %s\n", q.out.Good("✓"), screen.Clean(address), screen.Clean(word))
		return &Service{URL: address}, nil
	}
	fmt.Fprintf(q.out, "%s %s\n", q.out.Warn("!"), screen.Clean(err.Error()))
	keep, err := q.confirm(ctx, "It does not answer as an ORAC STT does. Use it anyway?", false)
	if err != nil || !keep {
		return nil, err
	}
	return &Service{URL: address}, nil
}

// says names a service.
func (s Service) says() string {
	switch {
	case len(s.Command) > 0:
		return s.Command[0]
	case s.Engine != "":
		return s.Engine + " on this machine"
	case s.URL != "":
		return s.URL
	}
	return "none"
}

func (q *questions) console(ctx context.Context) error {
	if q.answers.Console != "" {
		return nil
	}
	says := map[Console]string{
		Local:     "this machine only, at http://127.0.0.1:7171",
		Network:   "everybody on the network, encrypted with a certificate that ORAC makes, at port 7171",
		NoConsole: "nobody: there is no console, and no port is open",
	}
	n, err := q.choose(ctx, &choice{
		question: "Who may open the console?",
		hint:     "you make the first admin with a code that orac run prints",
		lines: func() (lines []string) {
			for _, c := range Consoles {
				lines = append(lines, says[c])
			}
			return lines
		},
	})
	if err != nil {
		return err
	}
	q.answers.Console = Consoles[n]
	q.settled("console", says[Consoles[n]])
	return nil
}

// column fits a text from outside into a number of columns.
func column(text string, width int) string {
	return cells.Pad(cells.Shorten(screen.Clean(text), width), width)
}

// PickMicrophone finds the microphone that a person has named: by "default", or by a part of its name
// that matches only one.
func PickMicrophone(ctx context.Context, name string) (*Microphone, error) {
	if name == "default" {
		return &Microphone{}, nil
	}
	list, _, err := List(ctx)
	if err != nil {
		return nil, err
	}
	d, err := capture.Pick(list, name)
	if err != nil {
		return nil, err
	}
	return &Microphone{d}, nil
}
