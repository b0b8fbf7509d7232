// Package evidence collects what an incident needs to be understood later, before anything is killed: the stacks of this
// process, the state of the child, and statistics of the last hops. It belongs to the live world; the simulator has its own.
//
// Guarantees: it never fails (what cannot be had is named with its reason), takes milliseconds, changes nothing, gives at most
// MaxBytes, and holds no memory contents: names of functions, states and numbers only.
package evidence

import (
	"fmt"
	"strings"
	"time"
)

// MaxBytes is the most that Collect gives.
const MaxBytes = 64 << 10

// Hop is what is known of a hop of sound.
type Hop struct {
	Seq  int64
	Age  time.Duration // at the moment of collecting
	RMS  float32       // int16 scale
	Peak int
}

// Collect gives the evidence as text. child is the process of the component, 0 for none; hops are the last ones, oldest first,
// of which the newest 64 are told.
func Collect(child int, hops []Hop) string {
	var b strings.Builder
	writeHops(&b, hops)
	if child > 0 {
		b.WriteString("\n== child process " + fmt.Sprint(child) + "\n")
		writeProcess(&b, "/proc", child)
	}
	b.WriteString("\n== goroutines\n")
	writeStacks(&b, MaxBytes-b.Len())
	return b.String()
}

// maxHops keeps the text of hops below 4 KiB.
const maxHops = 64

func writeHops(b *strings.Builder, hops []Hop) {
	if len(hops) > maxHops {
		hops = hops[len(hops)-maxHops:]
	}
	fmt.Fprintf(b, "== last %d hops\n", len(hops))
	if len(hops) == 0 {
		return
	}
	var rms float64
	peak, silent := 0, 0
	for _, h := range hops {
		rms += float64(h.RMS)
		peak = max(peak, h.Peak)
		if h.Peak == 0 {
			silent++
		}
	}
	last := hops[len(hops)-1]
	fmt.Fprintf(b, "newest: hop %d, %v old; mean RMS %.1f, peak %d, %d silent\n",
		last.Seq, last.Age.Round(time.Millisecond), rms/float64(len(hops)), peak, silent)
	for _, h := range hops {
		fmt.Fprintf(b, "hop %d age %v rms %.1f peak %d\n", h.Seq, h.Age.Round(time.Millisecond), h.RMS, h.Peak)
	}
}
