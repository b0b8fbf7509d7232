package enrol

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"orac/runbook/testkit"
	"pgregory.net/rapid"
)

// TestCodes have 80 bits, are read as people write them, and print nowhere.
func TestCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCode()
		text := c.Text()
		if len(text) != 19 || strings.ContainsAny(text, "ILOU") {
			t.Fatalf("%s", text)
		}
		typed := strings.NewReplacer("0", rapid.SampledFrom([]string{"0", "o", "O"}).Draw(t, "zero"), "1", rapid.SampledFrom([]string{"1", "i", "L"}).Draw(t, "one"), "-", rapid.SampledFrom([]string{"-", "", " "}).Draw(t, "dash")).Replace(text)
		if back, err := ParseCode(" " + strings.ToLower(typed) + "\n"); err != nil || back != c {
			t.Fatalf("%q: %v", typed, err)
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(shown, text[:4]) || strings.Contains(shown, "secret") {
			t.Fatalf("it prints as %s", shown)
		}
	})
	for _, text := range []string{"", "XXXX", "ABCD-EFGH-JKMN-PQR", "ABCD-EFGH-JKMN-PQRSS", "ABCD-EFGH-JKMN-PQRU", strings.Repeat("A", 1000)} {
		if _, err := ParseCode(text); err == nil || len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// prover proves to a book, or does not.
func prover(b *Book, c Code, good bool) error {
	k := c.keys()
	proof := k.prove(memberSide, stepLook, []byte("channel"))
	if !good {
		proof[0] ^= 1
	}
	_, err := b.proven(k.id, stepLook, []byte("channel"), proof)
	return err
}

// TestTheBook: codes expire, are few, bear few mistakes, and are good once.
func TestTheBook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Book{}
		open := func(name string) Code {
			c, _, err := b.Open(Ticket{Member: name, By: "anna"})
			testkit.Must(t, err)
			return c
		}
		c := open("kitchen")
		time.Sleep(CodeLife - time.Second)
		if err := prover(b, c, true); err != nil {
			t.Errorf("before it expires: %v", err)
		}
		time.Sleep(time.Second)
		if err := prover(b, c, true); !errors.Is(err, ErrNoCode) {
			t.Errorf("after it has expired: %v", err)
		}
		old := open("kitchen")
		c = open("kitchen")
		if err := prover(b, old, true); !errors.Is(err, ErrNoCode) {
			t.Errorf("a code that another has replaced: %v", err)
		}
		for range mostWrong - 1 {
			if err := prover(b, c, false); !errors.Is(err, ErrNoCode) {
				t.Errorf("a wrong proof: %v", err)
			}
		}
		if err := prover(b, c, true); err != nil {
			t.Errorf("after four mistakes: %v", err)
		}
		_ = prover(b, c, false)
		if err := prover(b, c, true); !errors.Is(err, ErrNoCode) {
			t.Errorf("after five mistakes: %v", err)
		}
		for n := range mostOpen {
			open(fmt.Sprint("m", n))
		}
		if _, _, err := b.Open(Ticket{Member: "one-more"}); !errors.Is(err, ErrFull) {
			t.Errorf("17 codes: %v", err)
		}
		if !b.Cancel("m0") || b.Cancel("m0") || len(b.List()) != mostOpen-1 {
			t.Errorf("%d are open", len(b.List()))
		}
		c = open("cellar")
		for !errors.Is(prover(b, NewCode(), true), ErrTooMany) {
		}
		if err := prover(b, c, true); !errors.Is(err, ErrTooMany) {
			t.Errorf("amid a flood: %v", err)
		}
		time.Sleep(time.Minute)
		if err := prover(b, c, true); err != nil {
			t.Errorf("after it: %v", err)
		}
		id := c.keys().id
		taken := *b.find(id)
		if !b.take(id) || b.take(id) {
			t.Error("it is good twice, or not at all")
		}
		b.putBack(taken)
		if err := prover(b, c, true); err != nil {
			t.Errorf("given back: %v", err)
		}
		b.take(id)
		time.Sleep(CodeLife)
		b.putBack(taken)
		if err := prover(b, c, true); !errors.Is(err, ErrNoCode) {
			t.Errorf("given back too late: %v", err)
		}
	})
}

// TestUnknownAndWrongAreTheSame: what an unknown code is answered convinces nobody, and is as long.
func TestUnknownAndWrongAreTheSame(t *testing.T) {
	b := &Book{}
	c, _, err := b.Open(Ticket{Member: "kitchen"})
	testkit.Must(t, err)
	known, err := b.hello(c.keys().id, []byte("channel"))
	testkit.Must(t, err)
	unknown, err := b.hello(NewCode().keys().id, []byte("channel"))
	testkit.Must(t, err)
	if len(known) != len(unknown) || string(known) == string(unknown) {
		t.Errorf("%x and %x", known, unknown)
	}
	if a, z := prover(b, NewCode(), true), prover(b, c, false); !errors.Is(a, ErrNoCode) || a.Error() != z.Error() {
		t.Errorf("%v and %v", a, z)
	}
}
