package amount

import "fmt"

// TooMuchError refuses something that another program sent: it is over a limit, or not there at all.
type TooMuchError struct {
	What string // "bytes of prompt", "topics"
	Is   int
	Most int // 0: it is missing
}

func (e *TooMuchError) Error() string {
	if e.Most == 0 {
		return e.What + " is missing"
	}
	return fmt.Sprintf("%s: %d, and at most %d are accepted", e.What, e.Is, e.Most)
}
