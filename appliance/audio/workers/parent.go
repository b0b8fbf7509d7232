package workers

import (
	"errors"
	"fmt"
	"io"
	"time"

	"orac/appliance/audio/library"
	"orac/appliance/child"
	"orac/appliance/rt"
)

// CloseForced is how long an owner waits for a worker that was killed.
const CloseForced = 200 * time.Millisecond

// List returns what a worker lists that was started with --list. It takes at most the timeout plus 200 ms.
func List(t *rt.Task, u *library.Use, protocol child.Protocol, p *child.Process, timeout time.Duration) (Listing, error) {
	var listing Listing
	task := t.Go("list", func(t *rt.Task) error {
		var failed error
		death := p.Attend(t, func(*rt.Task) error { failed = readListing(u, protocol, p.Stdout, &listing); return failed })
		if failed != nil {
			return fmt.Errorf("listing the %ss: %w", u.Noun, death)
		}
		return nil
	})
	err := t.Wait(task, t.Now().Add(timeout))
	if !isWait(err) {
		return listing, err
	}
	task.Stop()
	_ = t.Wait(task, t.Now().Add(CloseForced)) // the owner waits for the rest
	if errors.Is(err, rt.ErrTimeout) {
		err = fmt.Errorf("listing the %ss: no answer within %s: the audio server or a device hangs; restart the server: %w", u.Noun, timeout, err)
	}
	return Listing{}, err
}

func readListing(u *library.Use, protocol child.Protocol, r io.Reader, l *Listing) error {
	frames := child.Reader{Protocol: protocol, R: r}
	kind, payload, err := frames.Next()
	switch {
	case err != nil:
		return err
	case kind == KindError:
		return ParseFailure(u, payload)
	case kind == KindDevices:
		return child.ParseJSON(payload, l)
	}
	return child.Unexpected(kind)
}

// Carry hands on what a worker says, which is a hello and then frames of its own kind. It returns the reason why there is nothing more to carry;
// io.EOF if the worker just ended.
func Carry[Hello any](u *library.Use, frames *child.Reader, own byte, greet func(Hello), take func(payload []byte) error) error {
	greeted := false
	for {
		kind, payload, err := frames.Next()
		if err != nil {
			return err
		}
		switch {
		case kind == KindError:
			return ParseFailure(u, payload)
		case kind == KindBye: // its end follows
		case kind == KindHello && !greeted:
			var h Hello
			if err := child.ParseJSON(payload, &h); err != nil {
				return err
			}
			greeted = true
			greet(h)
		case kind == own && greeted:
			if err := take(payload); err != nil {
				return err
			}
		default:
			return child.Unexpected(kind)
		}
	}
}

// Close asks a worker to end, and ends it by force after the time that it has for that. pump is the task that attends it. Close takes at
// most 200 ms longer: a worker that hangs in the kernel, so that even SIGKILL does not end it, keeps the task's owner from ending.
func Close(t *rt.Task, p *child.Process, pump *rt.Task, asked time.Duration) {
	_ = p.Stdin.Close() // it fails if the worker has ended already
	if err := t.Wait(pump, t.Now().Add(asked)); isWait(err) {
		pump.Stop()
		_ = t.Wait(pump, t.Now().Add(CloseForced)) // the owner waits for the rest
	}
}

// isWait tells whether a wait for a task ended before the task did.
func isWait(err error) bool { return errors.Is(err, rt.ErrTimeout) || errors.Is(err, rt.ErrStopped) }
