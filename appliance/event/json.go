package event

import (
	"encoding/json"
	"errors"
	"time"
)

// MarshalJSON writes one flat object: at, node, kind and the fields of the body.
func (e Event) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(struct {
		At   time.Time `json:"at"`
		Node string    `json:"node"`
		Kind string    `json:"kind"`
	}{e.At.UTC(), e.Node, e.Body.Kind()})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e.Body)
	if err != nil {
		return nil, err
	}
	if len(body) > len("{}") {
		head = append(head[:len(head)-1], ',')
		head = append(head, body[1:]...)
	}
	return head, nil
}

// UnmarshalJSON reads what MarshalJSON wrote. It ignores fields that it does not know: a newer ORAC may send more of them. The
// error of a kind that is not in the table is an *UnknownKindError.
func (e *Event) UnmarshalJSON(text []byte) error {
	var head struct {
		At   time.Time
		Node string
		Kind string
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	k, ok := Named(head.Kind)
	if !ok {
		return &UnknownKindError{head.Kind}
	}
	at := head.At.UTC()
	if y := at.Year(); y < 0 || y > 9999 { // its time zone moves it out of what JSON can say
		return errors.New("an event whose time cannot be written")
	}
	body, err := k.decode(text)
	if err != nil {
		return err
	}
	*e = Event{at, head.Node, body}
	return nil
}

// UnknownKindError reports an event of an unknown kind, perhaps from a newer ORAC.
type UnknownKindError struct{ Kind string }

func (e *UnknownKindError) Error() string { return "there is no event of the kind " + e.Kind }
