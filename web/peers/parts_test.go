package peers_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"orac/web/peers"
)

// TestABudgetHolds: all parts together never have more than there is, one caller never more than half, and what is given back is free.
func TestABudgetHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 1000
		b := peers.NewBudget(most)
		holds, of := []*peers.Hold{}, []string{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if len(holds) == 0 || rapid.Bool().Draw(t, "another") {
				who := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "who")
				holds, of = append(holds, b.Hold(who)), append(of, who)
			}
			h := holds[rapid.IntRange(0, len(holds)-1).Draw(t, "which")]
			n, was := rapid.IntRange(0, most).Draw(t, "bytes"), h.Held()
			if err := h.Grow(n); err != nil && h.Held() != was || err == nil && h.Held() != n {
				t.Fatalf("%d, was %d: %v", h.Held(), was, err)
			}
			all, each := 0, map[string]int{}
			for i, h := range holds {
				all, each[of[i]] = all+h.Held(), each[of[i]]+h.Held()
			}
			if all != b.Taken() || all > most || each["a"] > most/2 || each["b"] > most/2 || each["c"] > most/2 {
				t.Fatalf("%d of %d, %v", all, b.Taken(), each)
			}
		}
		for _, h := range holds {
			h.Release()
			h.Release()
		}
		if b.Taken() != 0 {
			t.Fatalf("%d are still held", b.Taken())
		}
	})
}

// TestABodyIsHeldWhileItComes, whole or not, and never more of it is in memory than is held.
func TestABodyIsHeldWhileItComes(t *testing.T) {
	text := bytes.Repeat([]byte("x"), 100_000)
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		most int
		body io.Reader
		ok   bool
		is   error
	}{
		"whole":         {1 << 20, bytes.NewReader(text), true, nil},
		"byte by byte":  {1 << 20, iotest.OneByteReader(bytes.NewReader(text)), true, nil},
		"data with EOF": {1 << 20, iotest.DataErrReader(bytes.NewReader(text)), true, nil},
		"empty":         {1 << 20, strings.NewReader(""), true, nil},
		"no room":       {100_000, bytes.NewReader(text), false, nil},
		"broken":        {1 << 20, io.MultiReader(bytes.NewReader(text), iotest.ErrReader(broken)), false, broken},
	} {
		b := peers.NewBudget(c.most)
		h := b.Hold("who")
		got, err := h.Read(c.body)
		if (err == nil) != c.ok || c.is != nil && !errors.Is(err, c.is) || err == nil && name != "empty" && !bytes.Equal(got, text) || cap(got) > h.Held() {
			t.Errorf("%s: %d bytes, %d held, %v", name, len(got), h.Held(), err)
		}
		if h.Release(); b.Taken() != 0 {
			t.Errorf("%s: %d are still held", name, b.Taken())
		}
	}
}

// TestWords: a text of a peer is taken whole or not at all.
func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Küche": "Küche", "": "", "a\nb": "", "a\x00": "", "\xff": "", "123456789": "", "\u202ekitchen": "", "12345678": "12345678",
	} {
		if got := peers.Words(text, 8); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestMoments: times that nobody can mean count as none.
func TestMoments(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-01-17T09:00:04.000000": true, "2026-01-17T09:00:04+02:00": true, "2026-01-17T09:00:04Z": true,
		"": false, "yesterday": false, "1999-12-31T23:59:59Z": false, "2200-01-01T00:00:00Z": false, "0001-01-01T00:00:00Z": false, "9999999999": false,
		"2026-01-17T09:00:04." + strings.Repeat("0", 100): false,
	} {
		if got := peers.Moment(text); got.IsZero() == want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
