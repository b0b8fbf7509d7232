package report

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// WriteFile writes a report in one of its forms: JSON, JUnit or HTML.
func WriteFile(path string, form func(io.Writer, Report) error, r Report) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(file)
	err = form(b, r)
	if err == nil {
		err = b.Flush()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// ReadFile reads what JSON has written; the path "-" is standard input.
func ReadFile(path string, stdin io.Reader) (r Report, err error) {
	if path == "-" {
		path = "standard input"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return r, err
		}
		defer file.Close()
		stdin = file
	}
	if r, err = Read(bufio.NewReader(stdin)); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// AddSources adds the lines of the scenario, whose text this is, to its promises.
func (sc *Scenario) AddSources(text []byte) {
	lines := strings.Split(string(text), "\n")
	for i := range sc.Promises {
		p := &sc.Promises[i]
		if p.Source == "" && p.File == sc.File && p.Line > 0 && p.Line <= len(lines) {
			p.Source = lines[p.Line-1]
		}
	}
}
