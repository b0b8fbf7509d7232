package peers

import (
	"errors"
	"io"
	"sync"
	"time"

	"orac/web/schema"
)

// Budget is the memory for everything that is being received. One caller gets at most half of what there is.
type Budget struct {
	most int

	mu    sync.Mutex // guards everything that follows
	taken int
	of    map[string]int
}

// NewBudget makes a budget of so many bytes.
func NewBudget(most int) *Budget { return &Budget{most: most, of: map[string]int{}} }

// Hold is the part of a budget that one request has.
type Hold struct {
	from *Budget
	who  string
	n    int
}

// Hold returns a part for a caller, of no bytes yet.
func (b *Budget) Hold(who string) *Hold { return &Hold{from: b, who: who} }

// Taken returns how many bytes are held.
func (b *Budget) Taken() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

// Grow makes the part n bytes large, or returns a problem if there is no room now.
func (h *Hold) Grow(n int) error {
	b := h.from
	b.mu.Lock()
	defer b.mu.Unlock()
	more := n - h.n
	if more > 0 && (b.taken+more > b.most || b.of[h.who]+more > b.most/2) {
		return schema.Fail(schema.QueueFull, "Too much is being sent at once.").After(time.Second)
	}
	b.taken += more
	if b.of[h.who] += more; b.of[h.who] == 0 {
		delete(b.of, h.who)
	}
	h.n = n
	return nil
}

// Held returns how many bytes the part has.
func (h *Hold) Held() int { return h.n }

// Release gives the part back.
func (h *Hold) Release() { _ = h.Grow(0) }

// firstRead is how many bytes are held for a body at first; then twice as many each time.
const firstRead = 4 << 10

// Read reads all of a body that somebody else bounds. It is held while it comes.
func (h *Hold) Read(body io.Reader) ([]byte, error) {
	var text []byte
	for {
		if len(text) == cap(text) {
			more := max(firstRead, 2*cap(text))
			if err := h.Grow(more); err != nil {
				return nil, err
			}
			text = append(make([]byte, 0, more), text...)
		}
		n, err := body.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if errors.Is(err, io.EOF) {
			return text, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
