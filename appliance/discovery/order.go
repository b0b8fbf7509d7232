package discovery

import (
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"orac/appliance/entity"
	"orac/appliance/play"
)

// Why an order is refused.
var (
	errOnOff  = errors.New("a switch takes ON and OFF")
	errNumber = errors.New("it takes a number in its range")
	errPress  = errors.New("a button takes PRESS")
	errText   = errors.New("it takes a text that can be spoken: UTF-8 of at most 4000 bytes, without control characters")
	errNone   = errors.New("nothing can be ordered there")
)

// Read is what a message on the SetTopic of a part asks for.
func Read(p Part, payload []byte) (entity.Order, error) {
	o := entity.Order{Entity: p.Entity, To: entity.State{Entity: p.ID}}
	text := string(payload)
	switch {
	case p.Order == "":
		return o, errNone
	case p.Kind == entity.Switch:
		if text != onOff[true] && text != onOff[false] {
			return o, errOnOff
		}
		o.To.On = text == onOff[true]
	case p.Kind == entity.Number:
		v, ok := number(text)
		if o.To.Number = math.Round(v*1000) / 1000; !ok || p.Takes(o.To) != nil {
			return o, errNumber
		}
	case p.Kind == entity.Button:
		if text != pressed {
			return o, errPress
		}
	case p.Kind == Notify:
		if text = strings.TrimSpace(text); text == "" || len(text) > play.MostText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return o, errText
		}
		o.To.Text = text
	default:
		return o, errNone
	}
	return o, nil
}
