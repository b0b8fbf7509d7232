package language

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// source is the text that diagnostics point into, with the places in it that are never shown.
type source struct {
	name   string
	bytes  []byte
	hidden []bool // by offset; nil when nothing is hidden
}

// line returns the line that contains byte offset at, without its newline, and the offset at which
// it begins.
func (s *source) line(at int) (text []byte, start int) {
	at = max(0, min(at, len(s.bytes)))
	start = bytes.LastIndexByte(s.bytes[:at], '\n') + 1
	end := len(s.bytes)
	if i := bytes.IndexByte(s.bytes[at:], '\n'); i >= 0 {
		end = at + i
	}
	return bytes.TrimSuffix(s.bytes[start:end], []byte("\r")), start
}

// text returns the text at a place.
func (s *source) text(r hcl.Range) string { return string(s.bytes[r.Start.Byte:r.End.Byte]) }

// isHidden reports whether the byte at offset at must not be shown.
func (s *source) isHidden(at int) bool { return at < len(s.hidden) && s.hidden[at] }

// hide keeps the text at a place from being shown.
func (s *source) hide(from, to int) {
	if s.hidden == nil {
		s.hidden = make([]bool, len(s.bytes))
	}
	for i := max(0, from); i < min(to, len(s.hidden)); i++ {
		s.hidden[i] = true
	}
}

// hideLiterals hides the text that expr spells out, because it may be a secret. The argument of a
// function that reads secrets is a name, and stays visible.
func (s *source) hideLiterals(expr hclsyntax.Expression) {
	var calls []hcl.Range
	eachCall(expr, func(call *hclsyntax.FunctionCallExpr) {
		if isSecretSource(call.Name) {
			calls = append(calls, call.Range())
		}
	})
	slices.SortFunc(calls, func(a, b hcl.Range) int { return a.Start.Byte - b.Start.Byte })
	ends := make([]int, len(calls)) // the last end of the calls up to each
	for i, c := range calls {
		ends[i] = max(c.End.Byte, ends[max(0, i-1)])
	}
	hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		lit, ok := asWritten(n).(*hclsyntax.LiteralValueExpr)
		if !ok || lit.Val.Type() == cty.Bool {
			return nil
		}
		place := lit.SrcRange
		before, _ := slices.BinarySearchFunc(calls, place.Start.Byte+1, func(c hcl.Range, at int) int { return c.Start.Byte - at })
		if before == 0 || ends[before-1] < place.End.Byte {
			s.hide(place.Start.Byte, place.End.Byte)
		}
		return nil
	})
}

// secretLine matches what is written to an attribute that accepts only secrets, and to anything
// else with a name that secrets usually have.
func (l *Vocabulary) secretLine() *regexp.Regexp {
	names := []string{"authorization", "api[_-]?key", "pass(?:word|phrase)?", `[\w-]*(?:secret|token)`}
	for ; l != nil; l = l.Holds {
		l.EachType(func(t *BlockType) {
			for _, a := range t.Attributes {
				if a.Secret == SecretOnly {
					names = append(names, regexp.QuoteMeta(a.Name))
				}
			}
		})
	}
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(names, "|") + `)"?[ \t]*[=:][ \t]*([^\r\n]+)`)
}

// hideSecretLines hides, in a text that cannot be parsed, everything that looks like the value of a
// secret attribute or the password of a URL.
func (s *source) hideSecretLines(secretLine *regexp.Regexp) {
	for _, m := range secretLine.FindAllSubmatchIndex(s.bytes, -1) {
		s.hide(m[2], m[3])
	}
	for _, m := range hasPassword().FindAllIndex(s.bytes, -1) {
		s.hide(m[0], m[1])
	}
}
