package play

import (
	"time"

	"orac/chaos/homeserver"
)

// illness is a lasting fault of a home or of a language model. Of several, the last one applies.
type illness struct {
	how  homeserver.How
	wait time.Duration
}

// sick makes a fault of a home or of a language model itself.
func sick(how homeserver.How) func(*World, occurrence) (*broken, error) {
	return func(w *World, o occurrence) (*broken, error) {
		s, err := w.peer(o)
		if err != nil {
			return nil, err
		}
		x := &illness{how, o.Delay}
		suffer := func(change func()) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			change()
			now := illness{}
			if n := len(s.ill); n > 0 {
				now = *s.ill[n-1]
			}
			return s.house.Set(now.how, now.wait)
		}
		return &broken{
			apply: func() error { return suffer(func() { s.ill = append(s.ill, x) }) },
			undo:  func() error { return suffer(func() { s.ill = without(s.ill, x) }) },
		}, nil
	}
}
