package runbook

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestJudgingIsCheap: judging and comparing large runbooks takes work that grows with them.
func TestJudgingIsCheap(t *testing.T) {
	var b strings.Builder
	b.WriteString("appliance \"a\" {}\n")
	for i := range 900 {
		fmt.Fprintf(&b, "model \"m%d\" {\n  source = \"m%d.onnx\"\n}\n", i, i)
	}
	rb, ds := Parse([]byte(b.String()), "x.hcl", testWorld())
	if rb == nil {
		t.Fatal(ds)
	}
	rb.Inputs() // looks at the files
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if found, changes := Judge(rb, rb), Compare(rb, rb); found != nil || changes != nil {
		t.Errorf("%v, %v", found, changes)
	}
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 30 {
		t.Errorf("%d MiB are made", made)
	}
}
