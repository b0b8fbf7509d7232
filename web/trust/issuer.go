package trust

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// How a member follows its issuer.
const (
	// RetryKeys is how long a member waits between two questions for keys that it does not know.
	RetryKeys = 10 * time.Second
	// FreshKeys is how old the known keys may be before a member asks for them again, beside its work.
	FreshKeys = 15 * time.Minute
	// FreshToken is how long an issuer's word counts that a token still lives: so late a revocation comes into force at most.
	FreshToken = time.Minute

	askTimeout = 3 * time.Second  // for one question
	awayFor    = 15 * time.Second // an issuer that did not answer is not asked for so long about new tokens
	maxTokens  = 2048             // tokens that are remembered
	maxAsking  = 8                // questions about tokens at a time
)

// Options make an Issuer.
type Options struct {
	URL   string
	Fetch Fetcher
	// Load returns the keys that Keep has written before a restart, nil if there are none; Ended tells whether End was called for a
	// token, also before a restart.
	Load  func() []byte
	Keep  func([]byte) error
	Ended func(token string) bool
	End   func(token string, expires time.Time) error
	Log   *slog.Logger
}

// Fetcher asks an issuer. It returns within its context.
type Fetcher interface {
	// Keys returns the issuer's set of keys, at most MaxKeys bytes.
	Keys(ctx context.Context) ([]byte, error)
	// Lives asks whether a token lives that its holder has shown.
	Lives(ctx context.Context, token string) (bool, error)
}

// Issuer is an issuer as a member knows it. It is safe for concurrent use.
type Issuer struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // questions that nobody waits for

	mu       sync.Mutex // guards everything that follows
	keys     map[string]ed25519.PublicKey
	fetched  time.Time     // when the keys came; zero: from before a restart
	tried    time.Time     // when they were last asked for
	fetching chan struct{} // closed when a question for keys has ended; nil: there is none
	tokens   map[[sha256.Size]byte]*word
	asking   int
	away     time.Time // when it last did not answer
	silent   bool      // the log says so
	closed   bool
}

// word is what the issuer has said about a token.
type word struct {
	at      time.Time // zero: nothing yet
	expires time.Time
	ended   bool
	asking  bool
}

// Follow begins to follow an issuer, with the keys that are known from before. Close ends it.
func Follow(o Options) *Issuer {
	i := &Issuer{o: o, keys: map[string]ed25519.PublicKey{}, tokens: map[[sha256.Size]byte]*word{}}
	i.ctx, i.cancel = context.WithCancel(context.Background())
	if text := o.Load(); text != nil {
		if keys, err := ParseKeys(text); err == nil { // a damaged copy is as good as none
			i.put(keys)
		}
	}
	return i
}

// Close ends all questions, and waits for them.
func (i *Issuer) Close() {
	i.mu.Lock()
	i.closed = true // no question begins any more
	i.mu.Unlock()
	i.cancel()
	i.work.Wait()
}

// URL is the issuer's address.
func (i *Issuer) URL() string { return i.o.URL }

// put replaces the keys. The caller holds the lock, or nobody else knows the issuer yet.
func (i *Issuer) put(keys []Key) {
	clear(i.keys)
	for _, k := range keys {
		i.keys[k.ID] = k.Public
	}
}

// Key returns a key of the issuer. An unknown one is looked up at the issuer, at most every RetryKeys; the caller waits for that.
func (i *Issuer) Key(id string) (ed25519.PublicKey, bool) {
	i.mu.Lock()
	public, ok := i.keys[id]
	now := time.Now()
	stale := i.fetched.IsZero() || now.Sub(i.fetched) >= FreshKeys
	if ok && !stale {
		i.mu.Unlock()
		return public, true
	}
	done := i.look(now)
	i.mu.Unlock()
	if ok || done == nil {
		return public, ok
	}
	<-done // fetch has a timeout
	i.mu.Lock()
	defer i.mu.Unlock()
	public, ok = i.keys[id]
	return public, ok
}

// look asks for the keys, unless that is being done or was just done. What it returns is closed when there is an answer; nil: nobody
// asks. The caller holds the lock.
func (i *Issuer) look(now time.Time) chan struct{} {
	if i.fetching == nil && !i.closed && (i.tried.IsZero() || now.Sub(i.tried) >= RetryKeys) {
		done := make(chan struct{})
		i.fetching, i.tried = done, now
		i.work.Go(func() { i.fetch(done) })
	}
	return i.fetching
}

// Away tells whether the issuer has not answered lately, and looks again beside its work, at most every RetryKeys.
func (i *Issuer) Away() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.silent || i.fetched.IsZero() {
		i.look(time.Now())
	}
	return i.silent
}

// Answers asks the issuer for its keys, and tells whether it answers. The caller waits for that. While it is away, it is asked at most
// every RetryKeys.
func (i *Issuer) Answers() bool {
	i.mu.Lock()
	if !i.silent {
		i.tried = time.Time{} // it may have gone since: the caller is about to send a person there
	}
	done := i.look(time.Now())
	i.mu.Unlock()
	if done != nil {
		<-done // fetch has a timeout
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.silent && !i.closed
}

// fetch asks for the keys.
func (i *Issuer) fetch(done chan struct{}) {
	ctx, cancel := context.WithTimeout(i.ctx, askTimeout)
	defer cancel()
	text, err := i.o.Fetch.Keys(ctx)
	var keys []Key
	if err == nil {
		keys, err = ParseKeys(text)
	}
	var kept error
	if err == nil {
		kept = i.o.Keep(EncodeKeys(keys))
	}
	i.mu.Lock()
	if err == nil {
		i.put(keys)
		i.fetched = time.Now()
	}
	i.fetching = nil
	i.mu.Unlock()
	i.heard(err) // before those who wait go on
	close(done)
	if kept != nil {
		i.o.Log.Warn("could not keep the issuer's keys for the next start", "issuer", i.o.URL, "cause", kept)
	}
}

// heard says in the log that the issuer is away, or back.
func (i *Issuer) heard(err error) {
	if i.ctx.Err() != nil {
		return
	}
	i.mu.Lock()
	was := i.silent
	i.silent = err != nil
	if i.away = (time.Time{}); err != nil {
		i.away = time.Now()
	}
	known := len(i.keys)
	i.mu.Unlock()
	switch {
	case err != nil && !was:
		i.o.Log.Warn("the issuer of logins does not answer: tokens of known keys stay valid until they expire", "issuer", i.o.URL, "known_keys", known, "cause", err)
	case err == nil && was:
		i.o.Log.Info("the issuer of logins answers again", "issuer", i.o.URL, "known_keys", known)
	}
}

// Ended tells whether the issuer has ended a token, whose signature the caller has verified. It waits for the issuer's word when the
// token is shown for the first time, and not while the issuer is away; later it asks beside its work.
func (i *Issuer) Ended(token, id string, expires time.Time) bool {
	sum := sha256.Sum256([]byte(token))
	i.mu.Lock()
	w := i.tokens[sum]
	now := time.Now()
	if w == nil {
		i.mu.Unlock()
		ended := i.o.Ended(id)
		i.mu.Lock()
		if w = i.tokens[sum]; w == nil {
			i.room(now)
			w = &word{expires: expires, ended: ended}
			i.tokens[sum] = w
		}
	}
	if w.ended || w.asking || i.closed || now.Sub(w.at) < FreshToken || i.asking >= maxAsking || now.Sub(i.away) < awayFor {
		defer i.mu.Unlock()
		return w.ended
	}
	first := w.at.IsZero()
	w.asking = true
	i.asking++
	i.work.Add(1)
	i.mu.Unlock()
	if first {
		i.ask(w, token, id)
	} else {
		go i.ask(w, token, id)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return w.ended
}

// ask asks about a token.
func (i *Issuer) ask(w *word, token, id string) {
	defer i.work.Done()
	ctx, cancel := context.WithTimeout(i.ctx, askTimeout)
	defer cancel()
	lives, err := i.o.Fetch.Lives(ctx, token)
	i.mu.Lock()
	i.asking--
	w.asking = false
	if err == nil {
		w.at, w.ended = time.Now(), !lives
	}
	i.mu.Unlock()
	i.heard(err)
	if err == nil && !lives {
		if err := i.o.End(id, w.expires); err != nil {
			i.o.Log.Warn("could not note for the next start that a token has ended", "issuer", i.o.URL, "cause", err)
		}
	}
}

// room forgets tokens that have expired, or all that live: they are asked about again. The caller holds the lock.
func (i *Issuer) room(now time.Time) {
	if len(i.tokens) < maxTokens {
		return
	}
	maps.DeleteFunc(i.tokens, func(_ [sha256.Size]byte, w *word) bool { return now.Sub(w.expires) > Leeway })
	if len(i.tokens) >= maxTokens { // what has ended is in the database
		clear(i.tokens)
	}
}
