package runbook

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// source is the text that diagnostics point into, with the places in it that are
// never shown.
type source struct {
	name   string
	bytes  []byte
	hidden []hcl.Range
}

// line gives the line that contains byte offset at, without its newline, and the
// offset at which it begins.
func (s *source) line(at int) (text []byte, start int) {
	at = max(0, min(at, len(s.bytes)))
	start = bytes.LastIndexByte(s.bytes[:at], '\n') + 1
	end := len(s.bytes)
	if i := bytes.IndexByte(s.bytes[at:], '\n'); i >= 0 {
		end = at + i
	}
	return bytes.TrimSuffix(s.bytes[start:end], []byte("\r")), start
}

// text gives what stands at a place.
func (s *source) text(r hcl.Range) string { return string(s.bytes[r.Start.Byte:r.End.Byte]) }

// isHidden reports whether the byte at offset at must not be shown.
func (s *source) isHidden(at int) bool {
	for _, r := range s.hidden {
		if r.Start.Byte <= at && at < r.End.Byte {
			return true
		}
	}
	return false
}

// hideLiterals hides the text that expr spells out, for it may be a secret. What
// the functions of secrets are called with is a name and stays visible.
func (s *source) hideLiterals(expr hclsyntax.Expression) {
	var calls []hcl.Range
	eachCall(expr, func(call *hclsyntax.FunctionCallExpr) {
		if isSecretSource(call.Name) {
			calls = append(calls, call.Range())
		}
	})
	hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
		lit, ok := n.(*hclsyntax.LiteralValueExpr)
		if !ok || lit.Val.Type() == cty.Bool {
			return nil
		}
		for _, c := range calls {
			if c.Start.Byte <= lit.SrcRange.Start.Byte && lit.SrcRange.End.Byte <= c.End.Byte {
				return nil
			}
		}
		s.hidden = append(s.hidden, lit.SrcRange)
		return nil
	})
}

// secretLine finds what is written to an attribute that takes secrets only, and
// to whatever else bears a name that secrets usually have.
var secretLine = func() *regexp.Regexp {
	names := []string{"authorization", "api[_-]?key", "pass(?:word|phrase)?", `[\w-]*(?:secret|token)`}
	runbooks.eachType(func(t *BlockType) {
		for _, a := range t.Attributes {
			if a.Secret == SecretOnly {
				names = append(names, regexp.QuoteMeta(a.Name))
			}
		}
	})
	return regexp.MustCompile(`(?i)\b(?:` + strings.Join(names, "|") + `)"?[ \t]*[=:][ \t]*([^\r\n]+)`)
}()

// hideSecretLines hides, in a text that cannot be parsed, everything that looks
// like the value of a secret attribute or the password of a URL.
func (s *source) hideSecretLines() {
	for _, m := range secretLine.FindAllSubmatchIndex(s.bytes, -1) {
		s.hidden = append(s.hidden, hcl.Range{Start: hcl.Pos{Byte: m[2]}, End: hcl.Pos{Byte: m[3]}})
	}
	for _, m := range hasPassword.FindAllIndex(s.bytes, -1) {
		s.hidden = append(s.hidden, hcl.Range{Start: hcl.Pos{Byte: m[0]}, End: hcl.Pos{Byte: m[1]}})
	}
}
