package rt

// Out is the writing end of a port: every value goes to each of the mailboxes behind it.
type Out[T any] []*Mailbox[T]

// Push sends v to all without waiting, patient mailboxes apart; where there is no room the oldest value goes. It gives the
// number dropped.
func (o Out[T]) Push(t *Task, v T) (dropped int) {
	for _, m := range o {
		if _, d := m.Push(t, v); d {
			dropped++
		}
	}
	return dropped
}

// Send sends v to all and waits for room: for writers that may wait, and values that may not be lost.
func (o Out[T]) Send(t *Task, v T) error {
	for _, m := range o {
		if err := m.Send(t, v); err != nil {
			return err
		}
	}
	return nil
}

// Close closes all mailboxes behind the port.
func (o Out[T]) Close(t *Task) {
	for _, m := range o {
		m.Close(t)
	}
}
