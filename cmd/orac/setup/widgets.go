package setup

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"orac/cmd/orac/screen"
)

// terminal is where the interview asks.
type terminal struct {
	keys *Keys
	out  *screen.Screen
}

// choice is a question with a few answers, one of which is marked.
type choice struct {
	question string
	hint     string              // what to do, under the answers
	lines    func() []string     // the current answers; they may change while they are shown
	note     func() []string     // below them
	changed  <-chan struct{}     // the answers have changed
	keys     map[key]func() bool // further keys; true ends the question
	marked   int
}

// choose asks for one of several answers: a person presses its number, or moves the mark and presses
// Enter.
func (t *terminal) choose(ctx context.Context, c *choice) (int, error) {
	t.keys.drain()
	defer t.out.EndLive(false)
	for {
		answers := c.lines()
		c.marked = max(0, min(c.marked, len(answers)-1))
		t.out.Live(t.drawn(c, answers))
		k, pressed, err := t.keys.next(ctx, c.changed)
		switch {
		case err != nil:
			return 0, err
		case !pressed:
		case k == enter && len(answers) > 0:
			return c.marked, nil
		case k == up:
			c.marked--
		case k == down:
			c.marked++
		case k >= '1' && int(k-'1') < len(answers):
			c.marked = int(k - '1')
		default:
			if act := c.keys[k]; act != nil && act() {
				return c.marked, nil
			}
		}
	}
}

func (t *terminal) drawn(c *choice, answers []string) []string {
	lines := []string{t.out.Strong(c.question)}
	for i, answer := range answers {
		mark := "  "
		if i == c.marked {
			mark = t.out.Mark("❯ ")
		}
		lines = append(lines, fmt.Sprintf("%s%d  %s", mark, i+1, answer))
	}
	if c.note != nil {
		for _, note := range c.note() {
			lines = append(lines, "  "+note)
		}
	}
	if c.hint != "" {
		lines = append(lines, "  "+t.out.Faint(c.hint))
	}
	return lines
}

// maxLine bounds a line that is typed, in characters.
const maxLine = 500

// ask asks for a line. check says what is wrong with it; then ask asks again.
func (t *terminal) ask(ctx context.Context, question, hint, proposed string, check func(string) error) (string, error) {
	t.keys.drain()
	defer t.out.EndLive(false)
	text, wrong := []rune(proposed), ""
	for {
		note := t.out.Faint(hint)
		if wrong != "" {
			note = t.out.Bad(wrong)
		}
		t.out.Live([]string{t.out.Strong(question), "  " + screen.Clean(string(text)) + "▏", "  " + note})
		k, _, err := t.keys.next(ctx, nil)
		switch {
		case err != nil:
			return "", err
		case k == enter:
			line := strings.TrimSpace(string(text))
			err := check(line)
			if err == nil {
				return line, nil
			}
			wrong = screen.Clean(err.Error())
		case k == back && len(text) > 0:
			text, wrong = text[:len(text)-1], ""
		case k == 0x15: // Ctrl-U, as in a line of a shell
			text, wrong = nil, ""
		case k > 0 && unicode.IsPrint(rune(k)) && len(text) < maxLine:
			text, wrong = append(text, rune(k)), ""
		}
	}
}

// confirm asks for yes or no.
func (t *terminal) confirm(ctx context.Context, question string, proposed bool) (bool, error) {
	c := &choice{question: question, lines: func() []string { return []string{"yes", "no"} }, hint: "Enter chooses the marked one"}
	if !proposed {
		c.marked = 1
	}
	c.keys = map[key]func() bool{
		'y': func() bool { c.marked = 0; return true },
		'n': func() bool { c.marked = 1; return true },
	}
	i, err := t.choose(ctx, c)
	return i == 0, err
}

// settled shows an answer on a line that stays.
func (t *terminal) settled(what, answer string) {
	fmt.Fprintf(t.out, "%s %s %s\n", t.out.Good("✓"), t.out.Faint(fmt.Sprintf("%-10s", what)), screen.Clean(answer))
}

// bar draws a level from 0 to 1.
func (t *terminal) bar(level float64) string {
	const cells = 20
	full := int(max(0, min(1, level))*cells + 0.5)
	return strings.Repeat("█", full) + t.out.Faint(strings.Repeat("░", cells-full))
}
