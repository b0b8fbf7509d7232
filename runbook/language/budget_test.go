package language_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

// filled repeats a piece, with its number in it, until the text has about that size, or is as large as a runbook may be.
func filled(size int, head, piece, tail string) string {
	var b strings.Builder
	b.WriteString(head)
	tokens, _ := hclsyntax.LexConfig([]byte(strings.ReplaceAll(piece, "#", "1")), "", hcl.InitialPos)
	most := (language.MaxTokens - 3000) / len(tokens)
	for sign, limit := range map[string]int{" {": language.MaxBlocks - 10, "?": language.MaxOperators, " ==": language.MaxOperators, "+ ": language.MaxOperators, "*": language.MaxOperators} {
		if strings.Contains(piece, sign) {
			most = min(most, limit-10)
		}
	}
	for i := 0; b.Len()+len(piece)+len(tail)+16 < size && i < most; i++ {
		b.WriteString(strings.ReplaceAll(piece, "#", fmt.Sprint(i)))
	}
	return b.String() + tail
}

// costlyTexts are the worst texts that we know, by what they make, of at most about that size where it makes a difference.
func costlyTexts(size int) map[string]string {
	fill := func(head, piece, tail string) string { return filled(size, head, piece, tail) }
	const a = "appliance \"a\" {}\n"
	doubled := func(n int) string { // b0 of 1 KiB, each next one of twice the size
		s := a + "locals {\n  b0 = \"" + strings.Repeat("x", 1024) + "\"\n"
		for i := range n {
			s += fmt.Sprintf("  b%d = \"${local.b%d}${local.b%d}\"\n", i+1, i, i)
		}
		return s
	}
	list := doubled(6) + "  l = split(\"\", local.b6)\n" // 65536 elements
	locals := a + "locals {\n"
	nested := func(n int, open, end string) string { return strings.Repeat(open, n) + "1" + strings.Repeat(end, n) }
	return map[string]string{
		"memory bomb":             doubled(9) + "  s = split(\"\", local.b0)\n  boom = length([for a in local.s : \"${local.b9}${a}\"])\n}\n",
		"loops in loops":          fill(locals+"  s = split(\"\", \""+strings.Repeat("x", 195)+"\")\n", "  l# = length([for a in local.s : length([for b in local.s : b])])\n", "}\n"),
		"one loop":                list + "  boom = length([for a in local.l : length([for b in [1, 2, 3] : b])])\n}\n",
		"lists of a list":         fill(list, "  c# = local.l\n", "}\n"),
		"elements of a list":      fill(list, "  c# = local.l[#]\n", "}\n"),
		"functions of a list":     fill(list, "  c# = length(reverse(local.l))\n", "}\n"),
		"compare lists":           fill(list, "  c# = local.l == local.l\n", "}\n"),
		"choose among lists":      fill(list, "  c# = true ? local.l : [1]\n", "}\n"),
		"choose among tuples":     fill(locals+"  l = [for c in split(\"\", \""+strings.Repeat("x", 5000)+"\") : [c]]\n  m = concat(local.l, [1])\n", "  c# = length(true ? local.l : local.m)\n", "}\n"),
		"distinct":                list + "  c = length(distinct(local.l))\n  d = length(distinct([for i, v in local.l : i]))\n}\n",
		"sort":                    fill(list, "  c# = length(sort(local.l))\n", "}\n"),
		"characters":              fill(doubled(9), "  c# = strlen(local.b9)\n", "}\n"),
		"upper":                   fill(doubled(9), "  c# = strlen(upper(local.b9))\n", "}\n"),
		"split":                   fill(doubled(10), "  c# = length(split(\"\", local.b10))\n", "}\n"),
		"replace":                 fill(doubled(9), "  c# = replace(local.b9, \"x\", \"xyz\")\n", "}\n"),
		"format":                  fill(doubled(9), "  c# = format(\"%s\", local.b9)\n", "}\n"),
		"templates":               fill(doubled(9), "  c# = \"${local.b9}.\"\n", "}\n"),
		"template in a loop":      doubled(9) + "  boom = length([for b in [local.b9] : \"" + strings.Repeat("${b}", size/14) + "\"])\n}\n",
		"list in a loop":          doubled(9) + "  boom = jsonencode([for b in [local.b9] : [" + strings.Repeat("b,", size/14) + "]])\n}\n",
		"lists in a loop":         locals + "  boom = jsonencode([for b in [[" + strings.Repeat("1,", size/14) + "]] : [" + strings.Repeat("b,", size/14) + "]])\n}\n",
		"marked lists in a loop":  locals + "  boom = [for b in [[for e in [" + strings.Repeat("1,", size/14) + "] : \"${env(\"TOKEN\")}\"]] : upper([" + strings.Repeat("b,", size/14) + "])]\n}\n",
		"numbers":                 locals + "  a = " + strings.Repeat("9", size-100) + "\n}\n",
		"numbers of text":         fill(locals+"  n = \""+strings.Repeat("9", size/3)+"\"\n", "  c# = 1 + local.n\n", "}\n"),
		"numbers of an index":     fill(locals+"  n = \""+strings.Repeat("9", size/3)+"\"\n", "  c# = [1][local.n]\n", "}\n"),
		"numbers of a literal":    fill(locals, "  c# = local.l[\""+strings.Repeat("9", size/14)+"\"]\n", "  l = [1]\n}\n"),
		"numbers of a function":   fill(locals+"  n = \""+strings.Repeat("9", size/3)+"\"\n", "  c# = max([local.n]...)\n  d# = format(\"%d\", local.n)\n  e# = parseint(local.n, 10)\n  f# = jsondecode(local.n)\n", "}\n"),
		"numbers of an attribute": fill(locals+"  n = \""+strings.Repeat("9", size/3)+"\"\n}\n", "model \"m#\" {\n  source = \"x\"\n  patience = local.n\n}\n", ""),
		"patterns":                fill(locals, "  c# = regex(\"(((a{100}){100}){10})\", \"b\")\n", "}\n"),
		"pattern on a text":       fill(doubled(9), "  c# = can(regex(\"(x+x+)+y\", local.b9))\n", "}\n"),
		"json":                    fill(locals+"  j = \"["+strings.Repeat("1,", size/5)+"1]\"\n", "  c# = length(jsondecode(local.j))\n", "}\n"),
		"json there and back":     fill(list, "  c# = jsondecode(jsonencode(local.l))\n", "}\n"),
		"failures in a loop":      list + "  boom = [for a in local.l : a.b]\n}\n",
		"swallowed failures":      list + "  boom = length([for a in local.l : try(a.b, a.c, a.d, 1)])\n}\n",
		"failures of failures":    list + "  boom = [for a in local.l : " + nested(30, "try(a.b, ", ")") + "]\n}\n",
		"unknown names":           fill(locals, "  a_rather_long_name_of_a_local_# = local.another_quite_long_name_of_a_local_#\n", "}\n"),
		"unknown names of blocks": fill(a, "model \"a_long_name_of_a_model_that_is_there_#\" {\n  source = stt.a_long_name_of_an_stt_that_is_not_#\n}\n", ""),
		"unknown functions":       fill(locals, "  a# = strlem(1)\n", "}\n"),
		"unknown attributes":      fill(a+"model \"m\" {\n", "  thresholt# = 1\n", "}\n"),
		"unknown blocks":          fill(a, "modell \"m#\" {}\n", ""),
		"whole types":             fill(a, "model \"m#\" {\n  source = \"x\"\n  topic = \"${length(keys(model))}\"\n}\n", ""),
		"whole types and locals":  fill(a+manyModels(900)+"locals {\n", "  a# = length(model)\n", "}\n"),
		"chain":                   fill(locals, "  a# = [local.a#, 1]\n", "}\n"),
		"conditions":              locals + "  a = " + strings.Repeat("local.b?local.b:", min(4900, size/20)) + "1\n  b = true\n}\n",
		"swallowed conditions":    locals + "  a = " + strings.Repeat("true?1:", min(4900, size/20)) + "try(1)\n  b = true\n}\n",
		"calls in secrets":        a + "stt \"s\" {\n  url = \"http://h\"\n  token = join(\"\", [" + strings.Repeat("env(\"TOKEN\"),\"a\",", size/24) + "])\n}\n",
		"splats":                  fill(list, "  c# = local.l[*]\n", "}\n"),
		"arguments":               fill(list, "  c# = max(local.l...)\n", "}\n"),
		"merges":                  fill(list+"  o = { for i, v in local.l : i => v }\n", "  c# = merge(local.o, { a = 1 })\n", "}\n"),
		"lookups":                 fill(list+"  o = { for i, v in slice(local.l, 0, size/14) : i => v }\n", "  c# = lookup(local.o, \"#\", 1)\n", "}\n"),
		"attributes twice":        fill(locals, "  a = 1\n", "}\n"),
		"syntax errors":           fill(a, "model { = \n", ""),
		"quotes":                  fill(a, "a = \"\n", ""),
		"brackets":                fill(locals, "  a# = "+nested(60, "[", "]")+"\n", "}\n"),
		"parentheses in lists":    fill(locals, "  a# = "+nested(30, "[(", ")]")+"\n", "}\n"),
		"arguments nested":        locals + "  a = " + nested(60, "merge([", "]...)") + "\n}\n",
		"heredocs":                fill(locals, "  a# = <<E\nx${1}\nE\n", "}\n"),
		"trim":                    fill(locals+"  x = \""+strings.Repeat("é", size/8)+"\"\n  y = \""+strings.Repeat("b", size/4)+"é\"\n", "  c# = trim(local.x, local.y)\n", "}\n"),
		"references":              fill(a+manyModels(490)+"locals {\n  l = [for m in model : m]\n}\n", "listener \"l#\" {\n  models = local.l\n}\n", ""),
		"pieces of a text":        locals + "  a = \"" + strings.Repeat("%", min(size/2, 90_000)) + "\"\n}\n",
		"lines of a text":         locals + "  a = <<E\n" + strings.Repeat("x\n", min(size/4, 90_000)) + "E\n}\n",
		"huge exponents":          fill(locals, "  a# = format(\"%d\", \"1e600000\")\n", "}\n"),
		"huge exponents of texts": fill(a, "model \"m#\" {\n  source = \"catalog:m\"\n  patience = \"1e600000\"\n}\n", ""),
		"cycles":                  fill(locals, "  a# = [local.a0, local.a#]\n", "}\n"),
		"headers":                 fill(doubled(8)+"}\n", "webhook \"w#\" {\n  url = \"http://h\"\n  headers = { A = local.b8 }\n}\n", ""),
		"normal forms":            fill(list+"}\n", "stt \"w#\" {\n  protocol = \"exec\"\n  command = local.l\n}\n", ""),
	}
}

func manyModels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "model \"m%d\" {\n  source = \"x\"\n}\n", i)
	}
	return b.String()
}

// TestCostlyTexts evaluates small ones of the worst texts with a small budget, and looks at what is counted and what is made:
// each is refused for what it costs, or for something else before that, or costs little.
func TestCostlyTexts(t *testing.T) {
	const steps, bytes = 1 << 14, 2 << 20
	for name, src := range costlyTexts(language.MaxFileSize / 16) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ds, cost := runbook.Vocabulary.ParseFor(steps, bytes, []byte(src), runbooktest.World(), &runbook.Runbook{})
		runtime.ReadMemStats(&after)
		if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 40 {
			t.Errorf("%s: %d MiB are made for %d steps, %d bytes: %s", name, made, cost.Steps, cost.Bytes, language.Clip(ds.Error()))
		}
		if told := strings.Contains(ds.Error(), "computes too much"); told != (cost.Why != "") && len(ds) <= language.MaxDiagnostics {
			t.Errorf("%s: spent %q, and %s", name, cost.Why, language.Clip(ds.Error()))
		}
	}
}

// BenchmarkCostlyTexts measures them as large as they may be, with the budget that there is.
func BenchmarkCostlyTexts(b *testing.B) {
	for name, src := range costlyTexts(language.MaxFileSize) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				runbook.Parse([]byte(src), "x.hcl", runbooktest.World())
			}
		})
	}
}

// TestHugeNumbers: what may be read as a number that takes long to be written out is refused for that, before it is written out.
func TestHugeNumbers(t *testing.T) {
	for _, number := range []string{"1e600000", "-.5E+600000", "1e-600000", "1p2000000", strings.Repeat("9", 500)} {
		for _, form := range []string{
			`format("%d", "N")`, `format("%d", ["N"]...)`, `[1]["N"]`, `[[1]][0]["N"]`, `local.l["N"]`, `local.l[0]["N"]`, `1 * "N"`, `-"N"`, `floor("N")`, `element([1], "N")`, `parseint("N", 10)`,
		} {
			src := "appliance \"a\" {}\nlocals {\n  l = [[1]]\n  a = " + strings.ReplaceAll(form, "N", number) + "\n}\n"
			if rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World()); rb != nil || !strings.Contains(ds.Error(), "too l") {
				t.Errorf("%s of %s: %s", form, language.Clip(number), language.Clip(ds.Error()))
			}
		}
		for _, attribute := range []string{"patience", "threshold"} {
			src := "appliance \"a\" {}\nmodel \"m\" {\n  source = \"catalog:m\"\n  " + attribute + " = \"" + number + "\"\n}\n"
			if rb, ds := runbook.Parse([]byte(src), "x.hcl", runbooktest.World()); rb != nil || !strings.Contains(ds.Error(), "must be") {
				t.Errorf("%s = %s: %s", attribute, language.Clip(number), language.Clip(ds.Error()))
			}
		}
	}
}

// TestPiecesOfAText: HCL puts the pieces of a text together in a time that grows with the square of their number.
func TestPiecesOfAText(t *testing.T) {
	for text, fine := range map[string]bool{
		"\"" + strings.Repeat("%", language.MaxPieces-10) + "\"":                                        true,
		"\"" + strings.Repeat("%", language.MaxPieces+10) + "\"":                                        false,
		"<<E\n" + strings.Repeat("x\n", language.MaxPieces-10) + "E":                                    true,
		"<<E\n" + strings.Repeat("x\n", language.MaxPieces+10) + "E":                                    false,
		"\"" + strings.Repeat("%${\"%\"}", language.MaxPieces*3/4) + "\"":                               true,
		"\"" + strings.Repeat("%${\"%\"}%", language.MaxPieces*3/4) + "\"":                              false,
		"\"${upper(\"" + strings.Repeat("%", language.MaxPieces+10) + "\")}\"":                          false,
		"[" + strings.Repeat("\"%"+strings.Repeat("%", language.MaxPieces/2)+"\",\n", 10) + "\"done\"]": true,
	} {
		rb, ds := runbook.Parse([]byte("appliance \"a\" {}\nlocals {\n  a = "+text+"\n}\n"), "x.hcl", runbooktest.World())
		if told := strings.Contains(ds.Error(), "pieces"); told == fine || (rb != nil) != fine {
			t.Errorf("%s: %s", language.Clip(text), language.Clip(ds.Error()))
		}
	}
}

// TestContextEndsAnEvaluation: an evaluation ends with the request that asked for it.
func TestContextEndsAnEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := runbooktest.World()
	o.Context = ctx
	o.Env = func(string) (string, bool) { cancel(); return "x", true } // it goes while the text is being evaluated
	src := "appliance \"a\" {}\nlocals {\n  a = env(\"A\")\n  b = [for i in split(\"\", \"" + strings.Repeat("x", 900) + "\") : i]\n}\n"
	if rb, ds := runbook.Parse([]byte(src), "x.hcl", o); rb != nil || !strings.Contains(ds.Error(), language.EndedWhy) {
		t.Errorf("it went on: %v", ds)
	}
}
