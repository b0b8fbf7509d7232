package trust

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func newKey(t testing.TB) (Key, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return KeyOf(public), private
}

// peer is an issuer in virtual time.
type peer struct {
	mu    sync.Mutex // guards everything that follows
	text  []byte
	err   error
	lives bool
	late  time.Duration
	keys  int // questions
	asked int
}

func (p *peer) set(f func()) { p.mu.Lock(); defer p.mu.Unlock(); f() }

func (p *peer) wait(ctx context.Context) error {
	select {
	case <-time.After(p.late):
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *peer) Keys(ctx context.Context) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys++
	return p.text, p.wait(ctx)
}

func (p *peer) Lives(ctx context.Context, _ string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	return p.lives, p.wait(ctx)
}

func follow(t *testing.T, p *peer) (i *Issuer, log *bytes.Buffer, kept *[]byte) {
	log, kept = &bytes.Buffer{}, new([]byte)
	ended := map[string]bool{}
	i = Follow(Options{
		URL: "https://core.test", Fetch: p, Log: slog.New(slog.NewTextHandler(log, nil)),
		Load: func() []byte { return *kept }, Keep: func(text []byte) error { *kept = text; return nil },
		Ended: func(id string) bool { return ended[id] }, End: func(id string, _ time.Time) error { ended[id] = true; return nil },
	})
	t.Cleanup(i.Close)
	return i, log, kept
}

// TestUnknownKeysAreLookedUpSeldom: thousands of tokens with invented keys make a member ask every ten seconds at most, and a late
// answer holds nobody for longer than the timeout.
func TestUnknownKeysAreLookedUpSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newKey(t)
		p := &peer{text: EncodeKeys([]Key{k}), late: time.Hour}
		i, _, _ := follow(t, p)
		begun := time.Now()
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() {
				if _, ok := i.Key(fmt.Sprint("invented", n)); ok {
					t.Error("an invented key is known")
				}
			})
		}
		all.Wait()
		if took := time.Since(begun); took > askTimeout {
			t.Errorf("it took %v", took)
		}
		p.set(func() { p.late = 0 })
		for n := range 60_000 {
			i.Key(fmt.Sprint("invented", n))
			time.Sleep(time.Millisecond)
		}
		p.set(func() {
			if p.keys > 8 {
				t.Errorf("%d questions in a minute", p.keys)
			}
		})
		if _, ok := i.Key(k.ID); !ok {
			t.Error("the key of the issuer is not known")
		}
	})
}

// TestAMemberKeepsWhatItUnderstood: whatever the issuer, or somebody in its place, answers later.
func TestAMemberKeepsWhatItUnderstood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newKey(t)
		next, private := newKey(t)
		p := &peer{text: EncodeKeys([]Key{k})}
		i, log, kept := follow(t, p)
		if _, ok := i.Key(k.ID); !ok {
			t.Fatal("no key")
		}
		bad := map[string][]byte{
			"nothing": nil, "words": []byte("<html>"), "no keys": []byte(`{"keys":[]}`), "half": EncodeKeys([]Key{k})[:40], "too long": bytes.Repeat([]byte(" "), MaxKeys+1),
			"a private key":     []byte(strings.Replace(string(EncodeKeys([]Key{next})), `"kty"`, `"d":"`+string(private.Seed()[:0])+`","kty"`, 1)),
			"another's ID":      []byte(strings.Replace(string(EncodeKeys([]Key{next})), next.ID, k.ID, 1)),
			"symmetric":         []byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"` + k.ID + `"}]}`),
			"no Ed25519 key":    []byte(`{"keys":[{"kty":"OKP","crv":"Ed448","x":"AAAA","kid":"x"}]}`),
			"a short key":       []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA","kid":"x"}]}`),
			"thousands":         []byte(`{"keys":[` + strings.Repeat(`{"kty":"oct"},`, 1000) + `{"kty":"oct"}]}`),
			"for encryption":    []byte(strings.Replace(string(EncodeKeys([]Key{next})), `"sig"`, `"enc"`, 1)),
			"another algorithm": []byte(strings.Replace(string(EncodeKeys([]Key{next})), `"EdDSA"`, `"HS256"`, 1)),
		}
		for name, text := range bad {
			p.set(func() { p.text = text })
			time.Sleep(FreshKeys + time.Second)
			i.Key(k.ID)
			synctest.Wait()
			if _, ok := i.Key(k.ID); !ok {
				t.Errorf("%s: the known key is forgotten", name)
			}
			if _, ok := i.Key(next.ID); ok {
				t.Errorf("%s: a key of it counts", name)
			}
		}
		if n := strings.Count(log.String(), "does not answer"); n != 1 {
			t.Errorf("the log says it %d times:\n%s", n, log)
		}
		p.set(func() { p.text = EncodeKeys([]Key{next}) })
		time.Sleep(FreshKeys + time.Second)
		i.Key(k.ID)
		synctest.Wait()
		if _, ok := i.Key(k.ID); ok {
			t.Error("a key that the issuer has removed still counts")
		}
		if _, ok := i.Key(next.ID); !ok || !strings.Contains(log.String(), "answers again") {
			t.Error("the new key is not known")
		}
		if keys, err := ParseKeys(*kept); err != nil || len(keys) != 1 || keys[0].ID != next.ID {
			t.Errorf("kept: %s", *kept)
		}
	})
}

// TestARevocationIsHeardWithinAMinute, also when the issuer was away in between; and asking costs no more than that.
func TestARevocationIsHeardWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lives: true}
		i, _, _ := follow(t, p)
		expires := time.Now().Add(time.Hour)
		for range 5 * 60 * 10 {
			if i.Ended("token", "id", expires) {
				t.Fatal("a good token has ended")
			}
			time.Sleep(100 * time.Millisecond)
		}
		p.set(func() {
			if p.asked > 6 {
				t.Errorf("%d questions in five minutes", p.asked)
			}
			p.err = errors.New("away")
		})
		time.Sleep(FreshToken)
		for range 60 {
			if i.Ended("token", "id", expires) {
				t.Fatal("it has ended because the issuer is away")
			}
			time.Sleep(time.Second)
		}
		p.set(func() { p.err, p.lives = nil, false })
		back := time.Now()
		for !i.Ended("token", "id", expires) {
			if time.Sleep(time.Second); time.Since(back) > FreshToken+awayFor {
				t.Fatal("the revocation is not heard")
			}
		}
		p.set(func() { p.lives = true })
		time.Sleep(2 * FreshToken)
		if !i.Ended("token", "id", expires) {
			t.Error("what has ended lives again")
		}
	})
}

// TestALateIssuerHoldsOneToken for the timeout, once.
func TestALateIssuerHoldsOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{lives: true, late: time.Hour}
		i, _, _ := follow(t, p)
		begun := time.Now()
		for n := range 100 {
			i.Ended(fmt.Sprint("token", n), fmt.Sprint(n), begun.Add(time.Hour))
		}
		if took := time.Since(begun); took > askTimeout {
			t.Errorf("100 tokens waited %v", took)
		}
		for n := range 3 * maxTokens {
			i.Ended(fmt.Sprint("flood", n), fmt.Sprint(n), begun.Add(time.Hour))
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if len(i.tokens) > maxTokens {
			t.Errorf("%d tokens are remembered", len(i.tokens))
		}
	})
}
