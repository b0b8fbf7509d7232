package appliance

import (
	"errors"

	"orac/appliance/health"
	"orac/runbook"
)

// Beside is something that runs next to the graph and also depends on the runbook: a server for the network.
type Beside interface {
	// Check reports what in a runbook cannot be done, with the address of the component in front. It changes
	// nothing.
	Check(rb *runbook.Runbook) error
	// Accept returns the reason why a runbook may not come into force over the network, whatever the table of
	// capabilities allows.
	Accept(rb *runbook.Runbook) error
	// Use puts a runbook into force. It never waits.
	Use(rb *runbook.Runbook)
	// Listeners returns what the runbook in force wants served, and why it is not, as far as that is known yet. It never waits.
	Listeners() []health.Listener
}

// Several is many things beside the graph as one, in the order in which they are asked.
type Several []Beside

// Check implements Beside.
func (s Several) Check(rb *runbook.Runbook) error {
	var all error
	for _, b := range s {
		all = errors.Join(all, b.Check(rb))
	}
	return all
}

// Accept implements Beside.
func (s Several) Accept(rb *runbook.Runbook) error {
	for _, b := range s {
		if err := b.Accept(rb); err != nil {
			return err
		}
	}
	return nil
}

// Use implements Beside.
func (s Several) Use(rb *runbook.Runbook) {
	for _, b := range s {
		b.Use(rb)
	}
}

// Listeners implements Beside.
func (s Several) Listeners() (list []health.Listener) {
	for _, b := range s {
		list = append(list, b.Listeners()...)
	}
	return list
}
