package capture

import (
	"errors"
	"fmt"
	"io"

	"orac/appliance/child"
	"orac/appliance/rt"
)

// List returns what there is to record from, on every backend or on the spec's; it ignores the selector. It takes at
// most the spec's StartTimeout plus 200 ms.
func List(t *rt.Task, s Spec) (Listing, error) {
	p, err := s.start(options{list: true})
	if err != nil {
		return Listing{}, err
	}
	var listing Listing
	task := t.Go("list", func(t *rt.Task) error {
		var failed error
		death := p.Attend(t, func(*rt.Task) error { failed = readListing(p.Stdout, &listing); return failed })
		if failed != nil {
			return fmt.Errorf("listing the microphones: %w", death)
		}
		return nil
	})
	err = t.Wait(task, t.Now().Add(s.timeout()))
	if !isWait(err) {
		return listing, err
	}
	task.Stop()
	_ = t.Wait(task, t.Now().Add(closeForced)) // the owner waits for the rest
	if errors.Is(err, rt.ErrTimeout) {
		err = fmt.Errorf("listing the microphones: no answer within %s: the audio server or a device hangs; restart the server: %w", s.timeout(), err)
	}
	return Listing{}, err
}

func readListing(r io.Reader, l *Listing) error {
	frames := reader(r)
	kind, payload, err := frames.Next()
	switch {
	case err != nil:
		return err
	case kind == kindError:
		return parseFailure(payload)
	case kind == kindDevices:
		return child.ParseJSON(payload, l)
	}
	return child.Unexpected(kind)
}
