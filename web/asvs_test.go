package web

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asvsSections are the requirements of levels 1 and 2 of OWASP ASVS 5.0.0: of each section the numbers from 1 to this one. Sections
// that are of level 3 only are not there.
var asvsSections = map[string]int{
	"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
	"2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
	"3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
	"4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
	"5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
	"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
	"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
	"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
	"9.1": 3, "9.2": 4,
	"10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
	"11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
	"12.1": 3, "12.2": 2, "12.3": 4,
	"13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
	"14.1": 2, "14.2": 4, "14.3": 3,
	"15.1": 3, "15.2": 3, "15.3": 7,
	"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
	"17.1": 1, "17.2": 4, "17.3": 2,
}

// asvsIDs are all that a row stands for: a requirement, a section or a chapter.
func asvsIDs(row string) (ids []string) {
	for section, n := range asvsSections {
		for i := range n {
			if id := fmt.Sprintf("%s.%d", section, i+1); id == row || strings.HasPrefix(id, row+".") {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// TestEveryRequirementOfTheASVSIsAnswered: each of levels 1 and 2 once, with one of four answers and what it rests on: a test or a
// file that there is, or a reason. The head counts them.
func TestEveryRequirementOfTheASVSIsAnswered(t *testing.T) {
	page, err := os.ReadFile("ASVS.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsThatThereAre(t)
	name, link := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`), regexp.MustCompile(`\]\(([^)#]*)#?([^)]*)\)`)
	anchors := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			anchors[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(title)), " ", "-")] = true
		}
	}
	count, rows := map[string]int{}, map[string]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		row, ok := strings.CutPrefix(cells[0], "v5.0.0-")
		if !ok {
			continue
		}
		if len(cells) != 4 || len(cells[3]) < 4 {
			t.Errorf("%s: not an id, a requirement, an answer and what it rests on", row)
			continue
		}
		answer, why := cells[2], cells[3]
		ids := asvsIDs(row)
		if len(ids) == 0 {
			t.Errorf("%s is no requirement of level 1 or 2", row)
		}
		for _, id := range ids {
			if rows[id] != "" {
				t.Errorf("%s is answered by %s and by %s", id, rows[id], row)
			}
			rows[id] = row
		}
		proof := false
		for _, n := range name.FindAllString(why, -1) {
			if proof = true; !tests[n] {
				t.Errorf("%s: there is no %s", row, n)
			}
		}
		for _, l := range link.FindAllStringSubmatch(why, -1) {
			proof = true
			if _, err := os.Stat(filepath.FromSlash(l[1])); l[1] != "" && err != nil {
				t.Errorf("%s: %v", row, err)
			}
			if l[1] == "" && !anchors[l[2]] {
				t.Errorf("%s: there is no part %s", row, l[2])
			}
		}
		switch answer {
		case "holds":
			if !proof {
				t.Errorf("%s holds by nothing that can be looked at", row)
			}
		case "does not apply", "accepted", "OPEN":
		default:
			t.Errorf("%s: %q is no answer", row, answer)
		}
		count[answer] += len(ids)
	}
	all := 0
	for section, n := range asvsSections {
		for i := range n {
			all++
			if id := fmt.Sprintf("%s.%d", section, i+1); rows[id] == "" {
				t.Errorf("%s is not answered", id)
			}
		}
	}
	head := fmt.Sprintf("Of %d requirements of levels 1 and 2, %d hold, %d do not apply, %d are accepted, %d are open.",
		all, count["holds"], count["does not apply"], count["accepted"], count["OPEN"])
	if !strings.Contains(string(page), "\n"+head+"\n") {
		t.Errorf("the head does not say: %s", head)
	}
}

// TestEveryModuleHasAReason: what is asked for in go.mod says beside it what for.
func TestEveryModuleHasAReason(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "\t") || strings.HasSuffix(strings.TrimSpace(line), "// indirect") {
			continue
		}
		if found++; !strings.Contains(line, " // ") {
			t.Errorf("no reason: %s", strings.TrimSpace(line))
		}
	}
	if found < 15 {
		t.Errorf("only %d modules are found", found)
	}
}
