package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decode reads an answer of one JSON value.
func decode(body io.Reader, into any) error {
	err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(into)
	if err != nil {
		return fmt.Errorf("the answer of the appliance cannot be read: %w", err)
	}
	return nil
}

// lines reads a stream of JSON lines; an error sent as a line ends it.
func lines[T any](body io.Reader, each func(T) error) error {
	s := bufio.NewScanner(body)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		var f failure
		var v T
		err := json.Unmarshal(s.Bytes(), &f)
		if err == nil && f.Error != "" && f.Code != "" {
			return f.refusal()
		}
		if err = json.Unmarshal(s.Bytes(), &v); err != nil {
			return fmt.Errorf("a line from the appliance cannot be read: %w", err)
		}
		if err := each(v); err != nil {
			return err
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line from the appliance has more than %d bytes", maxLine)
	}
	return s.Err()
}
