// Package guide holds the pages that answer what people ask first: how to install ORAC, which microphone, their own wake word.
// The pages are Markdown, to be read on the web as they are; Render shows one in a terminal. A page's first heading is its title,
// and topics is the one list of them: the help, the completion of the shells and README's table of contents follow it.
package guide

import (
	"embed"
	"strings"
)

//go:embed *.md
var pages embed.FS

// Topic is a page.
type Topic struct {
	Name  string // what a person types: orac help NAME
	Title string // the page's first heading
	Text  []byte // the page as Markdown
}

// topics are the pages in the order in which people need them.
var topics = []string{
	"install", "microphones", "wake-words", "troubleshooting", "update", "backup", "home-assistant", "stack", "security", "json", "words",
}

// Topics are all pages.
func Topics() []Topic {
	all := make([]Topic, 0, len(topics))
	for _, name := range topics {
		text, err := pages.ReadFile(name + ".md")
		if err != nil {
			panic("BUG: a topic without its page: " + err.Error())
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		all = append(all, Topic{name, title, text})
	}
	return all
}

// Find is the page of that name.
func Find(name string) (Topic, bool) {
	for _, t := range Topics() {
		if t.Name == name {
			return t, true
		}
	}
	return Topic{}, false
}
