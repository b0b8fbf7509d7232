package fill

import (
	"encoding/json"
	"errors"
	"strings"

	"orac/appliance/act"
	"orac/appliance/amount"
)

// MaxPayload is the most that a filled template may hold, in bytes.
const MaxPayload = 64 << 10

// Payload makes what is sent: the payload of a template, or its data as JSON. In a payload that looks like JSON the values are escaped as
// in JSON strings, and the result must be JSON; any other payload is text of which the values are part. asJSON tells which.
func Payload(t act.Template, c act.Command) (payload string, data map[string]any, asJSON bool, err error) {
	if t.Payload == "" {
		data, err = Map(t.Data, c)
		if err == nil {
			err = fits(data)
		}
		return "", data, data != nil, err
	}
	if begins := strings.TrimSpace(t.Payload); !strings.HasPrefix(begins, "{") && !strings.HasPrefix(begins, "[") || placeholder().FindString(begins) == begins {
		payload, err = Text(t.Payload, c, nil)
	} else if payload, err = Text(t.Payload, c, JSON); err == nil {
		asJSON = true
		if !json.Valid([]byte(payload)) {
			err = errors.New("the payload is not valid JSON with what was said")
		}
	}
	if err == nil && len(payload) > MaxPayload {
		err = &amount.TooMuchError{What: "bytes of payload", Is: len(payload), Most: MaxPayload}
	}
	return payload, nil, asJSON, err
}

func fits(data map[string]any) error {
	text, err := json.Marshal(data)
	if err == nil && len(text) > MaxPayload {
		err = &amount.TooMuchError{What: "bytes of data", Is: len(text), Most: MaxPayload}
	}
	return err
}

// JSON escapes a value for the inside of a JSON string. A number stays as it is, also outside of one.
func JSON(v string) (string, error) {
	text, err := json.Marshal(strings.ToValidUTF8(v, "\uFFFD"))
	if err != nil {
		return "", err
	}
	return string(text[1 : len(text)-1]), nil
}

// Body is what a call sends: its payload, or its data as JSON.
func Body(c act.Call) []byte {
	if c.Payload != "" || c.Data == nil {
		return []byte(c.Payload)
	}
	text, err := json.Marshal(c.Data)
	if err != nil {
		panic("BUG: " + err.Error()) // Payload has tried it
	}
	return text
}
