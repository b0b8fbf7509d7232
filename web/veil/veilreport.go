package veil

import (
	"bytes"
	"encoding/json"
	"html"

	"orac/runbook/pattern"
)

// Document veils every text in a JSON document, whatever its field is called, because any of them
// may quote anything.
func (v *Veil) Document(text []byte) ([]byte, error) {
	var value any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	out, err := json.Marshal(v.everywhere(value))
	return append(out, '\n'), err
}

func (v *Veil) everywhere(value any) any {
	switch value := value.(type) {
	case string:
		return v.quoted(value)
	case []any:
		for i := range value {
			value[i] = v.everywhere(value[i])
		}
	case map[string]any:
		made := make(map[string]any, len(value))
		for name, inner := range value {
			made[v.quoted(name)] = v.everywhere(inner)
		}
		return made
	}
	return value
}

// quoted veils a text that may quote anything.
func (v *Veil) quoted(text string) string { return v.Text("output", text) }

var (
	// htmlPiece is a tag or the text between two tags. Templates escape < and > everywhere else.
	htmlPiece = pattern.Lazy(`(?s)<style>.*?</style>|<[^<>]*>|[^<>]+`)
	htmlValue = pattern.Lazy(`"[^"]*"`)
)

// Page veils an HTML page that templates have made: its texts and attribute values. The style sheet stays as it is.
func (v *Veil) Page(text []byte) ([]byte, error) {
	unescaped := func(escaped string) string {
		plain := html.UnescapeString(escaped)
		if veiled := v.quoted(plain); veiled != plain {
			return html.EscapeString(veiled)
		}
		return escaped
	}
	return htmlPiece().ReplaceAllFunc(text, func(piece []byte) []byte {
		switch {
		case bytes.HasPrefix(piece, []byte("<style>")):
			return piece
		case piece[0] != '<':
			return []byte(unescaped(string(piece)))
		}
		return htmlValue().ReplaceAllFunc(piece, func(value []byte) []byte {
			return []byte(`"` + unescaped(string(value[1:len(value)-1])) + `"`)
		})
	}), nil
}
