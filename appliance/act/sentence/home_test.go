package sentence

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"orac/appliance/act"
)

// standIn is the home of testdata/home.txt.
var standIn = sync.OnceValue(func() *act.Home {
	text, err := os.ReadFile("testdata/home.txt")
	if err != nil {
		panic(err)
	}
	h := &act.Home{Backend: "home", Version: "1"}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		for len(f) < 6 {
			f = append(f, "")
		}
		list := func(s string) (out []string) {
			for v := range strings.SplitSeq(s, ",") {
				if v = strings.TrimSpace(v); v != "" {
					out = append(out, v)
				}
			}
			return out
		}
		kind, id, _ := strings.Cut(f[0], " ")
		switch kind {
		case "floor":
			level, err := strconv.Atoi(f[2])
			if err != nil {
				panic(err)
			}
			h.Floors = append(h.Floors, act.Floor{ID: id, Name: f[1], Level: level, Aliases: list(f[3])})
		case "area":
			h.Areas = append(h.Areas, act.Area{ID: id, Name: f[1], Floor: f[2], Aliases: list(f[3])})
		default:
			domain, _, _ := strings.Cut(f[0], ".")
			h.Entities = append(h.Entities, act.Entity{ID: f[0], Domain: domain, Class: f[1], Name: f[2], Area: f[3], Aliases: list(f[4]), Members: list(f[5]), Enabled: true})
		}
	}
	return h
})

// english is the shipped English over the stand-in home.
var english = sync.OnceValue(func() *Matcher {
	m, problems := Compile(Grammar{English: true, Homes: []*act.Home{standIn()}})
	if len(problems) > 0 {
		panic(fmt.Sprint(problems))
	}
	return m
})

// show is a reading in the words of the corpus.
func show(r act.Reading) string {
	switch r.Tier {
	case act.NoTier:
		s := "none: " + r.Why
		if len(r.Near) > 0 {
			s += " [" + strings.Join(r.Near, "; ") + "]"
		}
		return s
	case act.Correction:
		return "correction"
	}
	var out []string
	for _, c := range r.Commands {
		s := c.Intent
		for _, v := range c.Slots {
			if v.Value.Number != nil {
				s += fmt.Sprintf(" %s=%v%s", v.Name, *v.Value.Number, v.Value.Unit)
			} else {
				s += fmt.Sprintf(" %s=%s", v.Name, strings.ReplaceAll(v.Value.Text, " ", "_"))
			}
		}
		out = append(out, strings.Join(append([]string{s}, c.Targets...), " "))
	}
	return strings.Join(out, " + ")
}
