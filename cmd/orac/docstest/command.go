package docstest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Command is one command line of a block, with the part of its output that the document shows.
type Command struct {
	At    string
	Text  string
	Shown []string
	Exit  []int // the exit codes that are allowed
	Span  bool
}

// Commands returns the command lines of a block.
func Commands(b Block) (list []Command, err error) {
	lines := strings.Split(strings.TrimRight(b.Text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line, at := strings.TrimRight(lines[i], " "), fmt.Sprintf("%s:%d", b.File, b.Line+i)
		if b.Lang == "console" {
			command, is := strings.CutPrefix(line, "$ ")
			if !is {
				if len(list) == 0 {
					return nil, fmt.Errorf("%s: the output comes before any command: begin with \"$ \"", at)
				}
				last := &list[len(list)-1]
				last.Shown = append(last.Shown, line)
				continue
			}
			line = command
		}
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for i+1 < len(lines) && goesOn(line) {
			i++
			line += "\n" + lines[i]
		}
		list = append(list, Command{At: at, Text: explained(line), Exit: []int{0}, Span: b.Span})
	}
	return list, exits(b, list)
}

// exits assigns the exit codes of exit=1,0 to the commands. Without it, orac plan may report that something would
// change.
func exits(b Block, list []Command) error {
	for i := range list {
		if planned.MatchString(list[i].Text) {
			list[i].Exit = []int{0, 2}
		}
		if speaks.MatchString(list[i].Text) {
			list[i].Exit = []int{1} // a machine that tries documents has no speaker; a wrong command line ends with 64
		}
	}
	said := b.Info["exit"]
	if said == "" {
		return nil
	}
	for i, text := range strings.Split(said, ",") {
		code, err := strconv.Atoi(text)
		if err != nil || i >= len(list) {
			return fmt.Errorf("%s: exit=%s fits no %d commands", b.At(), said, len(list))
		}
		list[i].Exit = []int{code}
	}
	return nil
}

var planned = regexp.MustCompile(`\borac plan\b[^|]*$`)

var speaks = regexp.MustCompile(`\borac say\b`)

var heredoc = regexp.MustCompile(`<<-?\s*(['"]?)([A-Z]+)(['"]?)`)

// goesOn tells whether a command continues on the next line.
func goesOn(text string) bool {
	if m := heredoc.FindStringSubmatch(text); m != nil {
		first, rest, _ := strings.Cut(text, "\n")
		return strings.Contains(first, "<<") && !strings.HasSuffix("\n"+rest, "\n"+m[2])
	}
	last := text[strings.LastIndexByte(text, '\n')+1:]
	last = strings.TrimSpace(last)
	for _, end := range []string{`\`, "|", "&&", "||", " do", " then", "{"} {
		if strings.HasSuffix(last, end) {
			return true
		}
	}
	return strings.Count(strings.ReplaceAll(text, `\'`, ""), "'")%2 == 1
}

// explained returns a command without the explanation beside it, which follows after two spaces.
func explained(line string) string {
	quote := rune(0)
	for i, r := range line {
		switch {
		case r == '\n':
			return line // a command of several lines has no explanation
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == ' ' && strings.HasPrefix(line[i:], "  "):
			return line[:i]
		}
	}
	return line
}

// Differs says what an output lacks of what a document shows; "" if nothing. Lines are compared without the space at their
// ends. "…" within a line matches anything; a line that is only "…" matches any lines.
func Differs(shown []string, output string) string {
	got := strings.Split(output, "\n")
	next, gap := 0, true
	for _, want := range shown {
		want = strings.TrimSpace(want)
		switch want {
		case "":
			continue
		case "…", "...":
			gap = true
			continue
		}
		fits := pattern(want)
		found := -1
		for i := next; i < len(got); i++ {
			line := strings.TrimSpace(got[i])
			if line == "" {
				continue
			}
			if fits.MatchString(line) {
				found = i
				break
			}
			if !gap { // adjacent lines of the document are adjacent in the output
				break
			}
		}
		if found < 0 {
			return fmt.Sprintf("the output has not the line %q here", want)
		}
		next, gap = found+1, false
	}
	return ""
}

func pattern(line string) *regexp.Regexp {
	var b strings.Builder
	for i, part := range strings.Split(line, "…") {
		if i > 0 {
			b.WriteString(".*")
		}
		b.WriteString(strings.Join(mapped(strings.Fields(part), regexp.QuoteMeta), ` +`))
		if strings.HasSuffix(part, " ") && part != "" {
			b.WriteString(" *")
		}
	}
	return regexp.MustCompile("^" + b.String() + "$")
}

func mapped(words []string, f func(string) string) []string {
	for i, w := range words {
		words[i] = f(w)
	}
	return words
}
