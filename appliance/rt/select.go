package rt

// Case is something that a Select waits for: a mailbox, or the end of a task.
type Case interface {
	ready(*Task) bool
	forget(*Task)
}

// Select waits until one of the mailboxes has something to receive or is closed, and returns the index of the first such one in
// the order of the list: earlier cases have priority. It receives nothing; the caller does. It returns ErrTimeout at the
// deadline, and ErrStopped if t was told to stop, even when a case is ready.
func Select(t *Task, until Instant, cases ...Case) (int, error) {
	registered := 0 // number of cases that may know that t waits
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
