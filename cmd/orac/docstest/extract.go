package docstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Block is a piece of code in a document.
type Block struct {
	File string
	Line int               // of the first line of its text
	Lang string            // sh, console, hcl, json, …
	Info map[string]string // the words after the language
	Text string
	Span bool // in backquotes, within a sentence
}

// At names the place of a block.
func (b Block) At() string { return fmt.Sprintf("%s:%d", b.File, b.Line) }

// languages maps each language that a fence may name to the one that its block is run or checked as.
var languages = map[string]string{
	"sh": "sh", "bash": "sh", "shell": "sh", "console": "console", "hcl": "hcl", "json": "json", "jsonc": "json", "yaml": "yaml",
	"js": "js", "go": "go", "text": "text", "txt": "text", "ini": "text",
}

var (
	fence    = regexp.MustCompile("^( {0,4})(```+|~~~+)\\s*([^`]*)$")
	listItem = regexp.MustCompile(`^\s*([-*+]|\d+[.)])\s`)
	span     = regexp.MustCompile("(`+)([^`]+)`+")
	detail   = regexp.MustCompile(`([a-z]+)=("[^"]*"|\S+)`)
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
)

// Markdown extracts the blocks of a page.
func Markdown(file, text string) (blocks []Block, err error) {
	text = comment.ReplaceAllStringFunc(text, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	lines := strings.Split(text, "\n")
	inList, blank := false, true
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if m := fence.FindStringSubmatch(line); m != nil {
			b, end, err := fenced(file, lines, i, m)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, b)
			i, blank = end, false
			continue
		}
		switch {
		case strings.TrimSpace(line) == "":
			blank = true
			continue
		case strings.HasPrefix(line, "    ") && blank && !inList:
			b := Block{File: file, Line: i + 1, Lang: "sh"}
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.TrimSpace(lines[i]) == ""); i++ {
				b.Text += strings.TrimPrefix(lines[i], "    ") + "\n"
			}
			i--
			if strings.Contains("\n"+b.Text, "\n$ ") {
				b.Lang = "console"
			}
			blocks = append(blocks, b)
			blank = true
			continue
		case listItem.MatchString(line):
			inList = true
		case !strings.HasPrefix(line, " ") && blank:
			inList = false
		}
		blank = false
		blocks = append(blocks, spans(file, i+1, line)...)
	}
	return blocks, nil
}

// fenced reads a fenced block whose first line is number i.
func fenced(file string, lines []string, i int, m []string) (Block, int, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(m[3]), " ")
	b := Block{File: file, Line: i + 2, Lang: languages[word], Info: map[string]string{}}
	switch {
	case word == "":
		return b, 0, fmt.Errorf("%s:%d: say the language of this block: ```sh is run, ```text is shown", file, i+1)
	case b.Lang == "":
		return b, 0, fmt.Errorf("%s:%d: nothing here knows how to check %q", file, i+1, word)
	}
	for _, d := range detail.FindAllStringSubmatch(rest, -1) {
		b.Info[d[1]] = strings.Trim(d[2], `"`)
	}
	for end := i + 1; end < len(lines); end++ {
		if strings.HasPrefix(strings.TrimSpace(lines[end]), m[2]) {
			return b, end, nil
		}
		b.Text += strings.TrimPrefix(lines[end], m[1]) + "\n"
	}
	return b, 0, fmt.Errorf("%s:%d: the block has no end", file, i+1)
}

// spans returns the commands in backquotes of a line. In a table a bar is escaped with a backslash.
func spans(file string, number int, line string) (list []Block) {
	for _, m := range span.FindAllStringSubmatch(line, -1) {
		text := strings.TrimSpace(strings.ReplaceAll(m[2], `\|`, "|"))
		if isCommand(text) {
			list = append(list, Block{File: file, Line: number, Lang: "sh", Text: text + "\n", Span: true})
		}
	}
	return list
}

// isCommand tells whether a text in backquotes is a command line: it begins with orac, or with a program that has a stand-in,
// followed by an argument.
func isCommand(text string) bool {
	first, rest, _ := strings.Cut(text, " ")
	switch first {
	case "orac", "bin/orac":
		return rest != ""
	case "curl":
		return rest != ""
	case "source":
		return strings.HasPrefix(rest, "<(")
	}
	return standIn(first) != nil && slices.ContainsFunc(strings.Fields(rest), func(word string) bool { return word[0] != '-' })
}

// Help returns the block of examples of a command.
func Help(command, examples string) []Block {
	var lines []string
	for line := range strings.Lines(examples) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))
	}
	return []Block{{File: command + " --help", Line: 1, Lang: "sh", Text: strings.Join(lines, "\n") + "\n"}}
}

var (
	commented = regexp.MustCompile(`^\s*(#|//) ?(.*)$`)
	opensHCL  = regexp.MustCompile(`^[a-z_]+( "[^"]*")* \{`)
)

// Comments returns the blocks in the comments of an example: text indented by three spaces, and commands in
// backquotes.
func Comments(file, text string) (blocks []Block) {
	var open *Block
	shut := func() {
		if open != nil {
			blocks = append(blocks, *open)
		}
		open = nil
	}
	for i, line := range strings.Split(text, "\n") {
		m := commented.FindStringSubmatch(line)
		switch {
		case m == nil:
			shut()
			continue
		case open != nil && (strings.HasPrefix(m[2], "  ") || m[2] == ""):
			open.Text += strings.TrimPrefix(m[2], "  ") + "\n"
			continue
		}
		shut()
		body := strings.TrimPrefix(m[2], "  ")
		switch {
		case body == m[2] || strings.HasPrefix(body, " "):
		case opensHCL.MatchString(body):
			open = &Block{File: file, Line: i + 1, Lang: "hcl", Text: body + "\n"}
			continue
		case isCommand(body) || strings.HasPrefix(body, "examples/"):
			open = &Block{File: file, Line: i + 1, Lang: "sh", Text: body + "\n"}
			continue
		}
		blocks = append(blocks, spans(file, i+1, m[2])...)
	}
	shut()
	for i := range blocks { // an empty comment line does not belong to a block
		blocks[i].Text = strings.TrimRight(blocks[i].Text, "\n") + "\n"
	}
	return blocks
}
