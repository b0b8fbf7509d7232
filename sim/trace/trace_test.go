package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"orac/appliance/rt"
	"orac/appliance/rt/virtual"
)

// write gives the trace of records.
func write(t testing.TB, list ...rt.Record) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, r := range list {
		w.Record(r)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(text string) (list []rt.Record, err error) {
	r, err := NewReader(strings.NewReader(text))
	for err == nil {
		var one rt.Record
		if one, err = r.Next(); err == nil {
			list = append(list, one)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return list, err
}

var records = []rt.Record{
	{At: 0, Task: "root", What: "start"},
	{At: rt.Instant(80 * time.Millisecond), Task: "ring.usb", What: "push", Args: []int64{5, -1}},
	{At: rt.Instant(72 * time.Hour), Task: "a b\n\x1b[2J", What: "", Args: []int64{math.MinInt64, math.MaxInt64}},
	{At: rt.Never, Task: "\xff\"", What: "\u202e漢"},
}

func TestForm(t *testing.T) {
	text := write(t, records...)
	want := "orac trace 1\n0 root start\n0.08 ring.usb push 5 -1\n259200 \"a b\\n\\x1b[2J\" \"\" -9223372036854775808 9223372036854775807\n9223372036.854775807 \"\\xff\\\"\" \"\\u202e漢\"\n"
	if d := cmp.Diff(want, text); d != "" {
		t.Error(d)
	}
	got, err := read(text)
	if d := cmp.Diff(records, got); d != "" || err != nil {
		t.Error(d, err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := read(packed.String()); len(got) != len(records) || err != nil {
		t.Errorf("compressed: %d records, %v", len(got), err)
	}
	if got, err := read(packed.String()[:packed.Len()-9]); err == nil {
		t.Errorf("compressed and cut short: %d records and no error", len(got))
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                         `does not begin with "orac trace 1"`,
		"orac trace 2\n":                           `does not begin with`,
		"orac trace 1\n1 a":                        "after line 1: its last line is cut short",
		"orac trace 1\n1 a b\n\n":                  "line 3: no record",
		"orac trace 1\n1 a\n":                      "line 2: no record",
		"orac trace 1\n-1 a b\n":                   "no instant",
		"orac trace 1\n1.0 a b\n":                  "not written as a trace writes it",
		"orac trace 1\n1. a b\n":                   "not written as",
		"orac trace 1\n01 a b\n":                   "not written as",
		"orac trace 1\n1.1234567891 a b":           "cut short",
		"orac trace 1\n1.1234567891 a b\n":         "no instant",
		"orac trace 1\n1.+1 a b\n":                 "no",
		"orac trace 1\n9223372036.854775808 a b\n": "no instant",
		"orac trace 1\n1 a b +1\n":                 "not written as",
		"orac trace 1\n1 a b 1 \n":                 `no number: ""`,
		"orac trace 1\n1 a b x\n":                  `no number: "x"`,
		"orac trace 1\n1 \"a\" b\n":                "not written as",
		"orac trace 1\n1 \"a b\n":                  "a quote that does not end",
		"orac trace 1\n1 a\x1bb c\n":               "not written as",
		"orac trace 1\n1 " + strings.Repeat("a", MaxWord+1) + " b":        "cut short",
		"orac trace 1\n1 " + strings.Repeat("a", MaxWord+1) + " b\n":      "a name of 4097 bytes; at most 4096",
		"orac trace 1\n1 a b" + strings.Repeat(" 1", MaxArgs+1) + "\n":    "more than 4096 numbers",
		"orac trace 1\n1 a b" + strings.Repeat(" 1", maxLine) + "\n1 a b": "line 2: longer than any record",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, not %q", text, err, want)
		}
	}
}

func TestWriterKeepsItsFirstError(t *testing.T) {
	for name, r := range map[string]rt.Record{
		"before the start": {At: -1}, "too long": {Args: make([]int64, MaxArgs+1)}, "names of 5000 and 0": {Task: strings.Repeat("a", 5000)},
	} {
		w := NewWriter(io.Discard)
		w.Record(r)
		w.Record(records[0])
		if err := w.Close(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, not %q", err, name)
		}
	}
	w := NewWriter(full{})
	for range 10000 {
		w.Record(records[1])
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a full disk: %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestOfTheDriver: what the virtual driver records comes back, and two runs with one seed are the same.
func TestOfTheDriver(t *testing.T) {
	run := func(seed uint64) (string, []rt.Record) {
		var b bytes.Buffer
		var all []rt.Record
		w := NewWriter(&b)
		d := virtual.New(seed, time.Unix(0, 0), func(r rt.Record) { w.Record(r); all = append(all, r) })
		defer d.Close()
		rt.New(d, "root", func(k *rt.Task) error {
			for i := range int64(100) {
				k.Trace("step", i, int64(k.Rand("x").Uint32()))
				if err := k.Sleep(80 * time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		})
		d.Run(rt.Never)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String(), all
	}
	first, all := run(1)
	again, _ := run(1)
	other, _ := run(2)
	if first != again {
		t.Error("the same seed gives another trace")
	}
	got, err := read(first)
	if err != nil || len(got) != len(all) || len(all) < 100 {
		t.Fatalf("%d of %d records: %v", len(got), len(all), err)
	}
	for i := range all {
		if !equal(all[i], got[i]) {
			t.Fatalf("record %d is %v, not %v", i, got[i], all[i])
		}
	}
	d, _, err := Diff(strings.NewReader(first), strings.NewReader(other), 3)
	if d.Same() || err != nil {
		t.Errorf("another seed gives the same trace (%v)", err)
	}
}

func TestDiff(t *testing.T) {
	var a, b []rt.Record
	for i := range int64(20) {
		r := rt.Record{At: rt.Instant(i) * 1e9, Task: "t", What: "w", Args: []int64{i}}
		a, b = append(a, r), append(b, r)
	}
	b[12].Args = []int64{12, 0}
	c := a[:15]
	for name, want := range map[string]struct {
		x, y   []rt.Record
		record int
		text   string
	}{
		"same":     {a, a, 0, "the traces are the same\n"},
		"empty":    {nil, nil, 0, "the traces are the same\n"},
		"differs":  {a, b, 13, "record 13 differs\n= 10 t w 10\n= 11 t w 11\nA 12 t w 12\nA 13 t w 13\nA 14 t w 14\nB 12 t w 12 0\nB 13 t w 13\nB 14 t w 14\n"},
		"ends":     {c, a, 16, "record 16 differs\n= 13 t w 13\n= 14 t w 14\nA (it has ended)\nB 15 t w 15\nB 16 t w 16\nB 17 t w 17\n"},
		"at once":  {nil, a[:1], 1, "record 1 differs\nA (it has ended)\nB 0 t w 0\n"},
		"hostile":  {[]rt.Record{{Task: "a\x1b[2J\n"}}, nil, 1, "record 1 differs\nA 0 \"a\\x1b[2J\\n\" \"\"\nB (it has ended)\n"},
		"too wide": {[]rt.Record{{Task: strings.Repeat("漢", 500), What: "w"}}, nil, 1, "record 1 differs\nA 0 " + strings.Repeat("漢", 132) + "…\nB (it has ended)\n"},
	} {
		d, same, err := Diff(strings.NewReader(write(t, want.x...)), strings.NewReader(write(t, want.y...)), 2)
		if err != nil || d.Record != want.record || d.String() != want.text || d.Same() != (want.record == 0) {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
		m, n := DiffRecords(want.x, want.y, 2)
		if m.String() != d.String() || n != same || want.record > 0 && same != want.record-1 {
			t.Errorf("%s: in memory:\n%s", name, m)
		}
	}
	_, _, err := Diff(strings.NewReader(write(t, a...)), strings.NewReader("orac trace 1\n0 t w 0\nnonsense\n"), 2)
	if err == nil || err.Error() != "the second: trace, line 3: no record: it is TIME TASK WHAT NUMBER…" {
		t.Errorf("a broken trace: %v", err)
	}
}

// FuzzRead: what is read is written as it was.
func FuzzRead(f *testing.F) {
	f.Add(write(f, records...))
	f.Add("orac trace 1\n1.5 a \"b c\" 1 -2\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := read(text)
		if err != nil || strings.HasPrefix(text, "\x1f\x8b") {
			return
		}
		if again := write(t, list...); again != text {
			t.Errorf("%q becomes %q", text, again)
		}
	})
}

// FuzzRecord: every record within the limits comes back.
func FuzzRecord(f *testing.F) {
	f.Add(int64(5), "a b", "", int64(-1))
	f.Fuzz(func(t *testing.T, at int64, task, what string, arg int64) {
		r := rt.Record{At: rt.Instant(max(0, at)), Task: task, What: what, Args: []int64{arg}}
		if len(task) > MaxWord || len(what) > MaxWord {
			return
		}
		got, err := Parse(Line(r))
		if err != nil || !equal(r, got) {
			t.Errorf("%+v becomes %+v (%v)", r, got, err)
		}
	})
}

func BenchmarkWriter(b *testing.B) {
	w := NewWriter(io.Discard)
	for i := range b.N {
		w.Record(rt.Record{At: rt.Instant(i) * 1000, Task: "head.kitchen.hey_jarvis", What: "score", Args: []int64{int64(i), 7}})
	}
	if err := w.Close(); err != nil {
		b.Fatal(fmt.Errorf("bench: %w", err))
	}
}
