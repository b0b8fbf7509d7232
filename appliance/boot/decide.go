package boot

import "slices"

// found is what a start finds before it builds anything.
type found struct {
	usable bool  // the file can be evaluated, and has no errors
	ran    int   // the generation that the process before ran, if it can be read; 0: none
	same   bool  // the file is that generation
	kept   []int // the kept generations, the best first
}

// attempt is something that could run.
type attempt struct {
	generation int // 0: the file
	why        reason
}

// reason is why something is tried.
type reason string

const (
	asked     reason = "the file is what runs"
	goesOn    reason = "it ran before, and the file says the same"
	unapplied reason = "it ran before, and the file has changed and was not applied"
	broken    reason = "it ran before, and the file cannot be used"
	fallback  reason = "what was to run cannot be used"
)

// instead tells whether something is tried because other things have failed.
func (a attempt) instead() bool { return a.why == fallback }

// lastGood tells whether a generation stands in for a file that cannot be used.
func (a attempt) lastGood() bool { return a.generation > 0 && a.why != unapplied }

// decide returns what to run: the first attempt that can be built.
func decide(f found) (list []attempt) {
	switch {
	case f.ran > 0 && f.same:
		list = []attempt{{0, goesOn}}
	case f.ran > 0 && f.usable:
		list = []attempt{{f.ran, unapplied}, {0, fallback}}
	case f.ran > 0:
		list = []attempt{{f.ran, broken}}
	case f.usable:
		list = []attempt{{0, asked}}
	}
	for _, number := range f.kept {
		if !slices.ContainsFunc(list, func(a attempt) bool { return a.generation == number }) && !(f.same && number == f.ran) {
			list = append(list, attempt{number, fallback})
		}
	}
	return list
}
