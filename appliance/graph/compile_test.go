package graph_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orac/appliance/graph"
	"orac/appliance/stt/spoken"
	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/testkit"
)

// TestGraphs compiles testdata/graphs/*.hcl and compares the drawing with the file's .golden.
func TestGraphs(t *testing.T) {
	files, err := filepath.Glob("testdata/graphs/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rb, problems := runbook.Load(file, language.Options{})
			if problems.HasErrors() {
				t.Fatal(problems.Error())
			}
			var got bytes.Buffer
			g, err := graph.Compile(rb)
			if err != nil {
				got.WriteString("error: " + err.Error() + "\n")
			} else {
				g.Print(&got)
				got.WriteString("\n")
				g.DOT(&got)
			}
			testkit.Golden(t, strings.TrimSuffix(file, ".hcl")+".golden", got.String())
		})
	}
}

// TestTheHistoryHearsEverybody: a kind that comes after the history in the table would not be told in it.
func TestTheHistoryHearsEverybody(t *testing.T) {
	files, err := filepath.Glob("testdata/graphs/*.hcl")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[graph.Name]bool{}
	for _, file := range files {
		rb, _ := runbook.Load(file, language.Options{})
		if rb == nil {
			continue
		}
		g, err := graph.Compile(rb)
		if err != nil {
			continue
		}
		for _, n := range g.Nodes {
			kinds[n.Kind.Name] = true
			told := slices.ContainsFunc(g.Edges, func(e graph.Edge) bool { return e.From == n.Address && e.To == string(graph.History) })
			if !told && n.Kind.Name != graph.History {
				t.Errorf("%s: the history hears nothing of %s", file, n.Address)
			}
		}
	}
	for _, k := range []graph.Name{graph.STTServer, graph.Topic, graph.Backend} {
		if !kinds[k] {
			t.Errorf("no runbook of the folder has a %s", k)
		}
	}
}

// TestStripNamesTheMarkers: every word that the runbook offers is a kind of marker, and by default none stays.
func TestStripNamesTheMarkers(t *testing.T) {
	at := runbook.Vocabulary.BlockType("stt").Attribute("strip")
	var all spoken.Marks
	for _, name := range at.Values {
		m := spoken.Named([]string{name})
		if m == 0 || all&m != 0 {
			t.Errorf("%q names %b", name, m)
		}
		all |= m
	}
	if all != spoken.Everything {
		t.Errorf("the runbook offers %b of %b", all, spoken.Everything)
	}
	for text, want := range map[string]spoken.Marks{"": spoken.Everything, "strip = []": 0, `strip = ["speakers", "sounds"]`: spoken.Speakers | spoken.Sounds} {
		rb, problems := runbook.Parse([]byte("appliance \"a\" {}\nstt \"s\" {\n  url = \"http://stt.example:7272\"\n  "+text+"\n}\n"), "orac.hcl", language.Options{})
		if problems.Err() != nil || spoken.Named(rb.STTs[0].Strip) != want {
			t.Errorf("%s: %v, %v", text, rb.STTs[0].Strip, problems)
		}
	}
	if _, problems := runbook.Parse([]byte("appliance \"a\" {}\nstt \"s\" {\n  url = \"http://stt.example:7272\"\n  strip = [\"timestamp\"]\n}\n"), "orac.hcl", language.Options{}); problems.Err() == nil || !strings.Contains(problems.Error(), "timestamps") {
		t.Errorf("a kind that there is not: %v", problems)
	}
}

// TestCompilingGrowsWithTheRunbook: four times the devices, models and listeners cost about four times the work. Everybody who may
// plan may send a long runbook.
func TestCompilingGrowsWithTheRunbook(t *testing.T) {
	work := func(n int) float64 {
		var text strings.Builder
		text.WriteString("appliance \"a\" {}\nstt \"s\" { url = \"http://s.test\" }\n")
		for i := range n {
			fmt.Fprintf(&text, `device "microphone" "d%[1]d" { match = "%[1]d" }
model "m%[1]d" { source = "catalog:alexa" }
listener "l%[1]d" {
  device  = device.microphone.d%[1]d
  models  = [model.m%[1]d]
  deliver = [stt.s]
}
`, i)
		}
		rb, problems := runbook.Parse([]byte(text.String()), "long.hcl", language.Options{HashKey: make([]byte, 32)})
		testkit.Must(t, problems.Err())
		return testing.AllocsPerRun(1, func() {
			_, err := graph.Compile(rb)
			testkit.Must(t, err)
		})
	}
	if few, many := work(40), work(160); many > 6*few {
		t.Errorf("40 of each take %.0f allocations, 160 take %.0f", few, many)
	}
}
