package edge

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"orac/web/schema"
)

// A window slides over the last minute in steps of a second: a request counts until it is a minute old. A window belongs to a
// caller, not to a connection.
const (
	windowSteps = 60
	maxWindows  = 8192 // owners that are remembered; beyond that, those idle longest are dropped
)

type window struct {
	counts [windowSteps]uint32 // by second
	sum    int
	last   int64 // second that was counted last
}

// Limiter counts requests by owner. It is safe for concurrent use. It uses the monotonic clock, so setting the machine's clock
// has no effect.
type Limiter struct {
	mu      sync.Mutex // guards everything that follows
	windows map[string]*window
	start   time.Time // of the first request; seconds are counted from it
}

// Verdict is a limiter's decision on one request.
type Verdict struct {
	OK               bool
	limit, remaining int
	reset            time.Duration // until a request is possible again; 0 if it is now
}

// Take counts a request of an owner, unless there were limit requests in the last minute.
func (l *Limiter) Take(owner string, limit int) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.start.IsZero() {
		l.start = time.Now()
	}
	now := time.Since(l.start)
	second := int64(now / time.Second)
	w := l.windows[owner]
	if w == nil {
		if l.windows == nil {
			l.windows = map[string]*window{}
		}
		if len(l.windows) >= maxWindows {
			l.makeRoom(second)
		}
		w = &window{last: second}
		l.windows[owner] = w
	}
	w.slide(second)
	v := Verdict{limit: limit, reset: w.free(now, limit)}
	if v.OK = w.sum < limit; v.OK {
		w.counts[second%windowSteps]++
		w.sum++
	}
	v.remaining = max(0, limit-w.sum)
	return v
}

// slide forgets everything older than a minute.
func (w *window) slide(second int64) {
	for s := w.last + 1; s <= second && s <= w.last+windowSteps; s++ {
		w.sum -= int(w.counts[s%windowSteps])
		w.counts[s%windowSteps] = 0
	}
	w.last = second
}

// free returns how long it takes until another request is possible; 0 if one is possible now.
func (w *window) free(now time.Duration, limit int) time.Duration {
	over := w.sum - limit + 1
	for s := w.last - windowSteps + 1; over > 0 && s <= w.last; s++ {
		if over -= int(w.counts[((s%windowSteps)+windowSteps)%windowSteps]); over <= 0 {
			return max(time.Second, time.Duration(s+windowSteps)*time.Second-now)
		}
	}
	if over > 0 {
		return time.Minute
	}
	return 0
}

// makeRoom drops owners who have been idle for a minute, and then others until a quarter is free, so that it is seldom called.
// The caller holds the lock.
func (l *Limiter) makeRoom(second int64) {
	for owner, w := range l.windows {
		if second-w.last >= windowSteps {
			delete(l.windows, owner)
		}
	}
	for owner := range l.windows {
		if len(l.windows) < maxWindows*3/4 {
			break
		}
		delete(l.windows, owner)
	}
}

// Tell writes the headers (draft-ietf-httpapi-ratelimit-headers, in its older and more common form).
func (v Verdict) Tell(h http.Header) {
	reset := windowSteps
	if v.reset > 0 {
		reset = int(math.Ceil(v.reset.Seconds()))
	}
	values := [...]string{strconv.Itoa(v.limit), strconv.Itoa(v.remaining), strconv.Itoa(reset)}
	// The names are in the form that Set would convert them to at each request.
	h["Ratelimit-Limit"], h["Ratelimit-Remaining"], h["Ratelimit-Reset"] = values[0:1:1], values[1:2:2], values[2:3:3]
}

// Problem is the answer to a request that was not counted.
func (v Verdict) Problem(what string) *schema.Problem {
	return schema.Fail(schema.Slower, "More than %d requests in a minute%s.", v.limit, what).After(v.reset)
}
