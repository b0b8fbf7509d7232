package report

import (
	"fmt"
	"io"
	"strings"
)

// maxAnnotations bounds the annotations of a report: GitHub shows ten per step.
const maxAnnotations = 10

// Annotations writes a report as GitHub workflow commands, which show breaks (as errors) and unknowns (as warnings)
// beside the lines of the scenario. Each command works on a line of its own in the output of a step.
func Annotations(w io.Writer, r Report) error {
	var b strings.Builder
	n := 0
	say := func(level, file string, line int, title string, text ...string) {
		if n++; n > maxAnnotations {
			return
		}
		var where []string
		if file != "" {
			where = append(where, "file="+property(file))
			if line > 0 {
				where = append(where, fmt.Sprint("line=", line))
			}
		}
		where = append(where, "title="+property(title))
		fmt.Fprintf(&b, "::%s %s::%s\n", level, strings.Join(where, ","), data(strings.TrimRight(lines(text...), "\n")))
	}
	for i := range r.Scenarios { // the worst comes first, because not all may be shown
		sc := &r.Scenarios[i]
		for _, run := range sc.Runs {
			if run.Verdict == NotSame {
				say("error", sc.File, sc.Line, sc.Name+": not deterministic", fmt.Sprintf("seed %d gives two different traces", run.Seed), run.Differs, "repeat it: "+run.Command)
			}
		}
		for _, g := range breaksOf(sc) {
			say("error", g.File, g.Line, sc.Name+": "+g.title(), g.story(sc))
		}
	}
	for i := range r.Scenarios {
		sc := &r.Scenarios[i]
		for _, why := range unknowns(sc) {
			say("warning", sc.File, sc.Line, sc.Name+": unknown", why)
		}
	}
	if r.Ended != "" {
		say("warning", "", 0, "ended early", r.Ended)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// property and data escape as the runner's own toolkit does (actions/toolkit, packages/core/src/command.ts).
func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(clean(text)))
}

func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}
