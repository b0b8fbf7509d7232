// Package seeds reads the numbers of the runs that a person asks for. Whatever the text, there are at most Max of them.
package seeds

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Max bounds the seeds of one text.
const Max = 100_000

// Parse reads seeds as "7", "1-200" or "1-50,99,7": each one once, in order.
func Parse(text string) ([]uint64, error) {
	var seeds []uint64
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := parse(first)
		if err != nil {
			return nil, err
		}
		to := from
		if isRange {
			if to, err = parse(last); err != nil {
				return nil, err
			}
		}
		switch {
		case to < from:
			return nil, fmt.Errorf("%s ends before it starts", strings.TrimSpace(part))
		case to-from >= Max || len(seeds)+int(to-from)+1 > Max:
			return nil, fmt.Errorf("more than %d seeds", Max)
		}
		for seed := from; ; seed++ {
			seeds = append(seeds, seed)
			if seed == to {
				break
			}
		}
	}
	slices.Sort(seeds)
	return slices.Compact(seeds), nil
}

func parse(text string) (uint64, error) {
	seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.20q is not a seed; write it like 7, 1-200 or 1-50,99", text)
	}
	return seed, nil
}
