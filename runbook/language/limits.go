package language

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The limits of a file are far above any real one and far below what does harm. HCL's parser is
// recursive: it overflows the stack, which Go cannot recover from, at about 60 000 nested brackets.
const (
	MaxFileSize  = 256 << 10 // bytes of one file
	maxNesting   = 64        // brackets, blocks and templates inside each other
	maxOperators = 5000      // operators and template directives in one file
	maxTokens    = 100_000   // words and signs of one file
	maxBlocks    = 1000      // blocks of one file, nested ones included
	maxPieces    = 1000      // pieces of one text in quotes or heredoc: HCL joins them in a time that grows with the square of their number
)

// utf8BOM may begin a file; editors on Windows write it.
var utf8BOM = []byte("\xef\xbb\xbf")

// check refuses text that must not reach the parser. It reports whether src may be parsed.
func (p *problems) check() bool {
	src := p.src.bytes
	switch {
	case len(src) > MaxFileSize:
		p.fail("", hcl.Range{Filename: p.src.name}, fmt.Sprintf("the file is larger than %s", FormatSize(MaxFileSize)),
			p.lang.capital()+" is usually a few KiB of text. Is this the right file?")
	case bytes.HasPrefix(src, []byte("\xff\xfe")), bytes.HasPrefix(src, []byte("\xfe\xff")):
		p.fail("", p.pointAt(0), "the file is UTF-16 text", "Save it as UTF-8: iconv -f UTF-16 -t UTF-8.")
	case bytes.LastIndex(src, utf8BOM) > 0:
		p.fail("", p.pointAt(bytes.LastIndex(src, utf8BOM)), "there is a byte order mark in the middle of the file", "It remains when files are joined. Remove its three bytes, EF BB BF.")
	case bytes.IndexByte(src, '\n') < 0 && bytes.IndexByte(src, '\r') >= 0:
		p.fail("", p.pointAt(bytes.IndexByte(src, '\r')), "the lines end with CR only, as on old Macs", "Save the file with Unix (LF) or Windows (CR LF) line ends.")
	case len(bytes.TrimSpace(bytes.TrimPrefix(src, utf8BOM))) == 0:
		p.fail("", hcl.Range{Filename: p.src.name}, "the "+p.lang.Noun+" is empty", p.lang.Empty)
	case bytes.IndexByte(src, 0) >= 0:
		p.fail("", p.pointAt(bytes.IndexByte(src, 0)), "the file is binary, not text", p.lang.capital()+" is a text file in UTF-8. Is this the right file?")
	case !utf8.Valid(src):
		p.fail("", p.pointAt(invalidUTF8(src)), "the file is not valid UTF-8", "Save it as UTF-8 text.")
	case unresolved(src) >= 0:
		place := p.pointAt(unresolved(src))
		mark, _ := p.src.line(place.Start.Byte)
		place.End.Column, place.End.Byte = place.Start.Column+utf8.RuneCount(mark), place.Start.Byte+len(mark)
		p.fail("", place, "there is an unresolved merge conflict here", "Keep the lines that you want between <<<<<<<, ======= and >>>>>>>, and delete these three marks.")
	default:
		return p.checkNesting()
	}
	return false
}

// checkNesting counts brackets and operators on the tokens, which are found without recursion.
func (p *problems) checkNesting() bool {
	p.tokens, _ = hclsyntax.LexConfig(p.src.bytes, p.src.name, hcl.InitialPos)
	depth, operators := 0, 0
	var texts pieces
	for _, t := range p.tokens {
		if texts.add(t.Type) > maxPieces {
			p.fail("", t.Range, fmt.Sprintf("the text has more than %d pieces", maxPieces), "Each line of a heredoc counts, and each %. Make the text shorter.")
			return false
		}
		depth = max(0, depth+nesting(t.Type))
		switch t.Type {
		case hclsyntax.TokenTemplateControl:
			operators++
		case hclsyntax.TokenQuestion, hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenPlus, hclsyntax.TokenStar,
			hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenEqualOp,
			hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenGreaterThan, hclsyntax.TokenLessThanEq,
			hclsyntax.TokenGreaterThanEq:
			operators++
		}
		switch {
		case t.Type == hclsyntax.TokenNumberLit && (len(t.Bytes) > maxNumber || hugeExponent().Match(t.Bytes)):
			p.fail("", t.Range, "the number is too large or too small", "No attribute accepts such a number.")
			return false
		case depth > maxNesting:
			p.fail("", t.Range, fmt.Sprintf("brackets are nested more than %d deep", maxNesting), "Put inner parts into locals.")
			return false
		case operators > maxOperators:
			p.fail("", t.Range, fmt.Sprintf("the %s has more than %d operators", p.lang.Noun, maxOperators), "Compute such values outside the "+p.lang.Noun+", and write the results.")
			return false
		}
	}
	if len(p.tokens) > maxTokens {
		p.fail("", hcl.Range{Filename: p.src.name}, fmt.Sprintf("the %s has more than %d words and signs", p.lang.Noun, maxTokens), "Split it, or make it shorter. Is this the right file?")
		return false
	}
	return true
}

// checkIndices refuses literal indices that may be read as huge numbers: HCL writes them out when there is no such element.
func (p *problems) checkIndices(body *hclsyntax.Body) bool {
	fine := true
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		var steps hcl.Traversal
		switch n := n.(type) {
		case *hclsyntax.ScopeTraversalExpr:
			steps = n.Traversal
		case *hclsyntax.RelativeTraversalExpr:
			steps = n.Traversal
		}
		for _, s := range steps {
			if at, ok := s.(hcl.TraverseIndex); ok && isText(at.Key) && hugeNumber().MatchString(at.Key.AsString()) {
				p.fail("", at.SrcRange, "the index is too large or too small", "Write the index of an element as a number.")
				fine = false
			}
		}
		return nil
	})
	return fine
}

// pieces counts the pieces of the texts that are open, the innermost last.
type pieces []int

// add takes the next token, and returns how many pieces the text around it has so far.
func (p *pieces) add(t hclsyntax.TokenType) int {
	last := len(*p) - 1
	switch t {
	case hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
		*p = append(*p, 0)
	case hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
		*p = (*p)[:max(last, 0)]
	case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
		if last >= 0 {
			(*p)[last]++
			return (*p)[last]
		}
	}
	return 0
}

// unresolved returns the offset of the first undecided clash of a merge, as git and others mark it; -1 when there is none.
func unresolved(src []byte) (first int) {
	state := 0
	for at := bytes.Index(src, []byte("<<<<<<< ")); at >= 0 && at < len(src); {
		line := src[at:]
		if end := bytes.IndexAny(line, "\r\n"); end >= 0 {
			line = line[:end]
		}
		begins := at == 0 || src[at-1] == '\n' || src[at-1] == '\r'
		switch {
		case state == 0 && begins && bytes.HasPrefix(line, []byte("<<<<<<< ")):
			first, state = at, 1
		case state == 1 && string(line) == "=======":
			state = 2
		case state == 2 && bytes.HasPrefix(line, []byte(">>>>>>> ")):
			return first
		}
		at += len(line) + 1
	}
	return -1
}

// pointAt returns the range of the one byte at offset at.
func (p *problems) pointAt(at int) hcl.Range {
	before := p.src.bytes[:at]
	_, start := p.src.line(at)
	pos := hcl.Pos{Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(p.src.bytes[start:at]), Byte: at}
	end := pos
	end.Column++
	end.Byte++
	return hcl.Range{Filename: p.src.name, Start: pos, End: end}
}

func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}
