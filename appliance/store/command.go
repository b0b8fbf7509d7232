package store

import (
	"database/sql"
	"fmt"

	"orac/appliance/record"
)

// SaveCommand records what came of a text. One that was not acted on may be recorded again under its ID; all others stay as they are.
func (s *Store) SaveCommand(c record.Command) error {
	if len(c.Answer) > record.MaxAnswer {
		return fmt.Errorf("store: command %s: its answer has %d bytes, and at most %d are kept", c.ID, len(c.Answer), record.MaxAnswer)
	}
	_, err := s.statements[upsertCommand].Exec(c.ID, c.Topic, micros(c.At), c.Utterance, c.From, c.Tier, c.Result, string(c.Answer))
	return wrap("command "+c.ID, err)
}

// Commands is a selection of commands; "" selects all.
type Commands struct{ Topic, Result, Tier string }

// Commands returns a page of the commands that fit, in the order of arrival. next works as for Detections.
func (s *Store) Commands(p Page, fit Commands) (list []record.Command, next int64, err error) {
	next, err = s.page(selectCommands, p, func(r *sql.Rows) (int64, error) {
		seq, c, err := scanCommand(r)
		list = append(list, c)
		return seq, err
	}, fit.Topic, fit.Result, fit.Tier)
	return list, next, wrap("commands", err)
}

// CommandsOf returns, for those of the detections that led to commands, what came of these, the oldest first.
func (s *Store) CommandsOf(detections []string) (map[string][]record.Command, error) {
	out := map[string][]record.Command{}
	for _, id := range detections {
		list, err := s.commandsOf(selectCommandsOfWake, id)
		if err != nil {
			return out, wrap("commands", err)
		}
		if len(list) > 0 {
			out[id] = list
		}
	}
	return out, nil
}

func (s *Store) commandsOf(text, id string) (list []record.Command, err error) {
	err = s.each(text, []any{id}, func(r *sql.Rows) error {
		_, c, err := scanCommand(r)
		list = append(list, c)
		return err
	})
	return list, err
}

func scanCommand(r *sql.Rows) (seq int64, c record.Command, err error) {
	var at int64
	err = r.Scan(&seq, &c.ID, &c.Topic, &at, &c.Utterance, &c.From, &c.Tier, &c.Result, &c.Answer)
	c.At = fromMicros(at)
	return seq, c, err
}
