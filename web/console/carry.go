package console

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"orac/runbook/edit"
	"orac/runbook/language"
	"orac/web/api"
	"orac/web/schema"
)

// A form carries two texts byte for byte: the one that its edit began with, and the one that a plan was made from. A text
// area would change their line ends, and a server that kept them would lose them at a restart.

// pack encodes a text for a hidden field.
func pack(text string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		panic("BUG: " + err.Error()) // a buffer accepts everything
	}
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// unpack decodes a text from pack; it accepts at most the size of a runbook.
func unpack(packed string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), language.MaxFileSize+1))
	if err == nil && len(text) > language.MaxFileSize {
		err = errors.New("it is too large")
	}
	return string(text), err
}

// posted returns the text that a form carries, as an edit of the text that it began with. Browsers send all line ends of a
// text area as CR LF; unchanged lines get their original line ends back.
func posted(call *api.Call) (e editor, file api.RunbookText, err error) {
	if file, err = api.OpRunbook.Call(call, schema.None{}); err != nil {
		return e, file, err
	}
	e = editor{File: file.File, Base: call.R.PostFormValue("base")}
	e.Began, err = unpack(call.R.PostFormValue("began"))
	switch {
	case err == nil && language.TextHash(e.Began) == e.Base:
	case e.Base == file.Hash:
		e.Began = file.Source
	default:
		e.Began = "" // the text that it began with is unknown: every difference from the file is a conflict
	}
	if packed := call.R.PostFormValue("packed"); packed != "" {
		if e.Source, err = unpack(packed); err != nil {
			return e, file, schema.Fail(schema.InvalidInput, "The form carries no text.")
		}
	} else {
		lines := e.Began
		if lines == "" {
			lines = file.Source
		}
		e.Source = call.R.PostFormValue("source")
		if len(e.Source) <= 2*language.MaxFileSize { // line ends of two bytes at most double a text; a longer one is refused as it is
			e.Source = edit.KeepLineEnds(lines, e.Source)
		}
	}
	e.Edited = e.Source != file.Source
	return e, file, nil
}

// BeganPacked and Packed return the texts that a form carries.
func (e editor) BeganPacked() string { return pack(e.Began) }

// Packed: see BeganPacked.
func (e editor) Packed() string { return pack(e.Source) }

// diffLine is a line of a diff: kind is add, del, head or empty.
type diffLine struct{ Kind, Text string }

// diff returns the lines of b that differ from a, and some around them.
func diff(a, b string) (list []diffLine) {
	d, err := udiff.ToUnifiedDiff("", "", a, udiff.Lines(a, b), udiff.DefaultContextLines)
	if err != nil {
		panic("BUG: " + err.Error()) // the edits are of these texts
	}
	for _, h := range d.Hunks {
		list = append(list, diffLine{"head", fmt.Sprintf("@@ -%d +%d @@", h.FromLine, h.ToLine)})
		for _, line := range h.Lines {
			text := strings.TrimRight(line.Content, "\r\n")
			switch line.Kind {
			case udiff.Insert:
				list = append(list, diffLine{"add", "+" + text})
			case udiff.Delete:
				list = append(list, diffLine{"del", "-" + text})
			default:
				list = append(list, diffLine{"", " " + text})
			}
		}
	}
	return list
}
