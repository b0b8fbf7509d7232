package edit

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"orac/runbook"
	"orac/runbook/language"
	"orac/runbook/runbooktest"
)

func TestOutlines(t *testing.T) {
	got, err := Outlines([]byte(`appliance "kitchen" {}
model "a" {
  source    = "catalog:\"a\""
  threshold = 0.50
  wake_word = "${local.x}"
  enabled   = false
  topic     = <<E
x
E
  nothing = 1
}
model "a" {}
model "Bad Name" {}
nonsense {}
listener "k" {
  device  = device.microphone.usb
  models  = [ model.a,
    model.b, ]
  deliver = [stt.a /* why */]
  record {
    silence = "1s"
  }
}
stt "x" {
  auth  = null
  token = secret("x")
}
web {
}
`))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var show func(o Outline)
	show = func(o Outline) {
		fmt.Fprintf(&b, "%s %v %d\n", o.Address, o.Written, o.Line)
		for _, at := range o.Type.Attributes {
			if w, ok := o.Attrs[at.Name]; ok {
				fmt.Fprintf(&b, "  %s %q %d %v %q %q\n", at.Name, w.Text, w.Line, w.Simple, w.Plain, w.Names)
			}
		}
		for _, n := range o.Nested {
			show(n)
		}
	}
	for _, o := range got {
		show(o)
	}
	want := `appliance.kitchen true 1
model.a true 2
  source "\"catalog:\\\"a\\\"\"" 3 true "catalog:\"a\"" []
  threshold "0.50" 4 true "0.50" []
  topic "<<E\nx\nE" 7 false "" []
  wake_word "\"${local.x}\"" 5 false "" []
  enabled "false" 6 true "false" []
listener.k true 15
  device "device.microphone.usb" 16 false "" ["device.microphone.usb"]
  models "[ model.a,\n    model.b, ]" 17 false "" ["model.a" "model.b"]
  deliver "[stt.a /* why */]" 19 false "" []
listener.k.record true 20
  silence "\"1s\"" 21 true "1s" []
listener.k.chimes false 0
stt.x true 24
  token "secret(\"x\")" 26 false "" []
  auth "null" 25 false "" []
web true 28
web.tls false 0
web.limits false 0
traces false 0
apply false 0
watchdog false 0
memory false 0
disk false 0
store false 0
auth false 0
auth.trust false 0
issuer false 0
`
	if b.String() != want {
		t.Errorf("%s", language.Diff("outline", []byte(want), []byte(b.String())))
	}
	if _, err := Outlines([]byte("model {{")); err == nil {
		t.Error("what cannot be parsed has an outline")
	}
}

// TestOutlinesAgreeWithBlocks: of a runbook that is valid, both say which blocks there are.
func TestOutlinesAgreeWithBlocks(t *testing.T) {
	src, err := os.ReadFile("../testdata/good/whole.hcl")
	if err != nil {
		t.Fatal(err)
	}
	rb, ds := runbook.Parse(src, "x.hcl", runbooktest.World())
	if rb == nil {
		t.Fatal(ds)
	}
	list, err := Outlines(src)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, o := range list {
		got = append(got, fmt.Sprint(o.Address, o.Written, len(o.Nested)))
	}
	for _, b := range rb.Blocks {
		want = append(want, fmt.Sprint(b.Address, b.Written, len(b.Nested)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}
