package rt

// Case is what a Select waits for: a mailbox, or the end of a task.
type Case interface {
	ready(*Task) bool
	forget(*Task)
}

// Select waits until one of the mailboxes has something to receive or is closed, and gives the index of the first one in
// the order of the list: earlier cases have priority. It takes nothing; the caller receives. ErrTimeout at the deadline,
// ErrStopped if t was told to stop, whatever is there.
func Select(t *Task, until Instant, cases ...Case) (int, error) {
	registered := 0 // so many of cases may know that t waits
	i, err := -1, error(nil)
	for i < 0 && err == nil {
		if t.Stopping() {
			err = ErrStopped
			break
		}
		for k, c := range cases {
			if c.ready(t) {
				i = k
				break
			}
			registered = max(registered, k+1)
		}
		switch {
		case i >= 0:
		case t.Now() >= until:
			err = ErrTimeout
		default:
			t.driver.Park(t, until)
		}
	}
	for _, c := range cases[:registered] {
		c.forget(t)
	}
	return i, err
}
