package status

import "fmt"

// Before is the number of the generation before a given one. A damaged generation is not skipped: a request for the one
// before means exactly that one.
func Before(list []Generation, number int) (int, error) {
	var last Generation
	for _, g := range list {
		if g.Number < number && g.Number > last.Number {
			last = g
		}
	}
	switch {
	case last.Number == 0:
		return 0, &Refusal{Code: Unknown, Message: "there is no generation before this one", Hint: "see which are kept: orac generations"}
	case last.Damaged != "":
		return 0, &Refusal{Code: Unknown, Message: fmt.Sprintf("generation %d, the one before, cannot be used: %s", last.Number, last.Damaged), Hint: "say which one to return to: orac generations"}
	}
	return last.Number, nil
}
