package runbook_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/runbooktest"
)

// TestJudgingIsCheap: judging and comparing large runbooks takes work that grows with them.
func TestJudgingIsCheap(t *testing.T) {
	var b strings.Builder
	b.WriteString("appliance \"a\" {}\n")
	for i := range 900 {
		fmt.Fprintf(&b, "model \"m%d\" {\n  source = \"m%d.onnx\"\n}\n", i, i)
	}
	rb, ds := runbook.Parse([]byte(b.String()), "x.hcl", runbooktest.World())
	if rb == nil {
		t.Fatal(ds)
	}
	rb.Inputs() // looks at the files
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if found, changes := runbook.Judge(rb, rb), runbook.Compare(rb, rb); found != nil || changes != nil {
		t.Errorf("%v, %v", found, changes)
	}
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 30 {
		t.Errorf("%d MiB are made", made)
	}
}
