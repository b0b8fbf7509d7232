package exec

import (
	"context"
	"strings"
	"testing"
	"time"

	"orac/appliance/act"
	"orac/appliance/rt"
	"orac/appliance/rt/live"
	"orac/appliance/thread"
	"orac/runbook/testkit"
)

// patience is a timeout where the test is about the timeout itself: nothing else can be awaited there.
const patience = 100 * time.Millisecond

func run[T any](ctx context.Context, f func(*rt.Task) T) (out T) {
	_ = live.New(nil).Run(ctx, "test", func(t *rt.Task) error {
		out = f(t)
		return nil
	})
	return out
}

func said(text string) act.Command {
	two := 2.0
	return act.Command{Intent: "test", Slots: []act.Slot{{Name: "x", Value: act.Value{Text: text}}, {Name: "n", Value: act.Value{Number: &two}}}}
}

// TestPrograms: what they are given, and the truth about how they end.
func TestPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		script    string
		arguments []string
		text      string
		timeout   time.Duration
		verdict   act.Verdict
		words     string // of reason and reply
	}{
		"arguments are not read by a shell": {script: `printf '%s|' "$@"`, arguments: []string{"--drink={x}", "{x}", "{n} cups"}, text: "$(id); `id` && \"a\" *", verdict: act.Proven, words: "--drink=$(id); `id` && \"a\" *|$(id); `id` && \"a\" *|2 cups|"},
		"one line is the reply":             {script: `echo 'Your coffee'; echo more`, verdict: act.Proven, words: "Your coffee"},
		"a small environment":               {script: `env | cut -d= -f1 | sort | tr '\n' ' '`, verdict: act.Proven, words: "HOME LANG ORAC_REQUEST_ID PATH PWD TMPDIR"},
		"no input":                          {script: `cat; echo end`, verdict: act.Proven, words: "end"},
		"a failure":                         {script: `echo 'no milk' >&2; exit 3`, verdict: act.Failed, words: "exit status 3"},
		"a failure with words":              {script: `echo 'no milk' >&2; exit 3`, verdict: act.Failed, words: "it said: no milk"},
		"too slow":                          {script: `sleep 60`, timeout: patience, verdict: act.Unknown, words: "ended after 100ms"},
		"1 GB":                              {script: `yes`, verdict: act.Unknown, words: "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := New(Config{Name: "kitchen", Command: []string{"/bin/sh", "-c", c.script, "sh"}, Timeout: c.timeout, TempDir: t.TempDir()})
			testkit.Must(t, err)
			call, err := x.Fill(said(c.text), act.Template{Arguments: c.arguments})
			testkit.Must(t, err)
			o := run(t.Context(), func(task *rt.Task) act.Outcome { return x.Do(task, call, thread.Thread{ID: "req-4"}) })
			if o.Verdict != c.verdict || !strings.Contains(o.Reason+o.Reply, c.words) {
				t.Errorf("%s: %q, %q", o.Verdict, o.Reason, o.Reply)
			}
		})
	}
}

// TestNothingThatIsSaidIsAnOption, unless the runbook wrote the dash.
func TestNothingThatIsSaidIsAnOption(t *testing.T) {
	x, err := New(Config{Name: "kitchen", Command: []string{"true"}})
	testkit.Must(t, err)
	for _, text := range []string{"-rf", "--help", "a\x00b", strings.Repeat("a", 5000)} {
		if call, err := x.Fill(said(text), act.Template{Arguments: []string{"{x}"}}); err == nil {
			t.Errorf("%.20q became %q", text, call.Arguments)
		}
	}
	call, err := x.Fill(said("-rf"), act.Template{Arguments: []string{"--name={x}", "to {x}"}})
	if err != nil || call.Arguments[0] != "--name=-rf" {
		t.Errorf("%q, %v", call.Arguments, err)
	}
}

// TestAProgramThatIsMissing is told before it is needed.
func TestAProgramThatIsMissing(t *testing.T) {
	x, err := New(Config{Name: "kitchen", Command: []string{"/no/such/program"}})
	testkit.Must(t, err)
	if err := run(t.Context(), func(task *rt.Task) error { return x.Watch(task, act.Sight{Up: func(string) { t.Error("up") }}) }); err == nil {
		t.Error("it is there")
	}
	if o := run(t.Context(), func(task *rt.Task) act.Outcome { return x.Do(task, act.Call{}, thread.Thread{}) }); o.Verdict != act.Failed || !o.Sent.IsZero() {
		t.Errorf("%+v", o)
	}
}
