package playback

import (
	"orac/appliance/audio/library"
	"orac/appliance/audio/workers"
	"orac/appliance/rt"
)

// List returns what there is to play at, on every backend or on the spec's; it ignores the selector. It takes at most the spec's
// StartTimeout plus 200 ms.
func List(t *rt.Task, s Spec) (Listing, error) {
	p, err := s.start(workers.Options{List: true})
	if err != nil {
		return Listing{}, err
	}
	return workers.List(t, library.Speakers, fromWorker, p, s.timeout())
}
