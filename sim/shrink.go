package sim

import (
	"fmt"
	"slices"

	"orac/sim/trial/report"
)

// shrink finds the smallest set of faults with which a run still breaks the same promise.
func (s *simulation) shrink(j *job, v variant, r report.Run) []report.Fault {
	if v.crash > 0 || len(r.Faults) < 2 {
		return nil
	}
	names := make([]string, len(r.Faults))
	for i, f := range r.Faults {
		names[i] = f.Name + fmt.Sprint(f.Begin)
	}
	promise := r.Breaks[0].Promise
	breaks := func(kept []string) bool {
		o := j.options
		o.only = func(list []occurrence) []occurrence {
			return slices.DeleteFunc(list, func(x occurrence) bool { return !slices.Contains(kept, x.Name+fmt.Sprint(x.Begin.Seconds())) })
		}
		again, err := once(j.sc, v.seed, o)
		return err == nil && slices.ContainsFunc(again.Breaks, func(b report.Break) bool { return b.Promise == promise })
	}
	kept := smallest(names, func(list []string) bool { return s.ctx.Err() == nil && breaks(list) })
	var out []report.Fault
	for i, f := range r.Faults {
		if slices.Contains(kept, names[i]) {
			out = append(out, f)
		}
	}
	return out
}

// smallest finds a set that breaks while no part of it does: delta debugging (Zeller, 2002). It tries 400
// sets at most.
func smallest(list []string, breaks func([]string) bool) []string {
	tries := 0
	try := func(l []string) bool { tries++; return tries <= 400 && breaks(l) }
	for n := 2; len(list) > 1; {
		size := (len(list) + n - 1) / n
		reduced := false
		for from := 0; from < len(list); from += size {
			rest := slices.Concat(list[:from], list[min(from+size, len(list)):])
			if len(rest) > 0 && try(rest) {
				list, n, reduced = rest, max(n-1, 2), true
				break
			}
		}
		if !reduced {
			if n >= len(list) {
				break
			}
			n = min(2*n, len(list))
		}
	}
	return list
}
