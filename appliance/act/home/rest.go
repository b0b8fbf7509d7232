package home

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"orac/appliance/rt"
	"orac/appliance/stt/wire"
	"orac/appliance/thread"
)

const (
	serviceOp = "call"
	statesOp  = "states"
	// few is up to how many states are asked for one by one.
	few = 5
	// pollEvery is how often states are asked for while no events come.
	pollEvery = 250 * time.Millisecond
)

// post sends a JSON body. Its *wire.Error tells whether Home Assistant may have acted on it.
func (h *Home) post(t *rt.Task, body map[string]any, asked thread.Thread, path ...string) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, &wire.Error{Op: serviceOp, Address: h.base.String(), Kind: wire.Refused, Cause: err}
	}
	return h.client.Do(t, wire.Request{
		Op: serviceOp, Method: http.MethodPost, URL: h.base.HTTP(nil, path...), ContentType: "application/json", Body: text, Header: wire.Traced(asked),
		Ready: func(*rt.Task) error { return nil },
	})
}

// fetch asks for states, where no events tell them. An entity that is not there is missing in the answer.
func (h *Home) fetch(t *rt.Task, ids []string) (map[string]seen, error) {
	out := map[string]seen{}
	if len(ids) > few {
		data, err := h.quick.Do(t, wire.Request{Op: statesOp, Method: http.MethodGet, URL: h.base.HTTP(nil, "api", "states")})
		if err != nil {
			return nil, err
		}
		list, err := parseStates(data)
		for _, s := range list {
			out[s.Entity] = s
		}
		return out, err
	}
	for _, id := range ids {
		data, err := h.quick.Do(t, wire.Request{Op: statesOp, Method: http.MethodGet, URL: h.base.HTTP(nil, "api", "states", id)})
		if e, ok := errors.AsType[*wire.Error](err); ok && e.Status == http.StatusNotFound {
			continue
		}
		if err != nil {
			return out, err
		}
		if s, ok := parseState(data); ok && s.Entity == id {
			out[id] = s
		}
	}
	return out, nil
}

// plainly says what went wrong for people.
func plainly(err error) string {
	e, ok := errors.AsType[*wire.Error](err)
	switch {
	case errors.Is(err, rt.ErrStopped):
		return "ORAC was stopping"
	case !ok:
		return err.Error()
	case e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity:
		return "Home Assistant refused the call: it does not know the service, or the device cannot do that"
	case e.Kind == wire.Unauthorised:
		return "Home Assistant refuses the token"
	case e.Status == http.StatusInternalServerError:
		return "Home Assistant reports that the device failed"
	case e.Status != 0:
		return "Home Assistant is not well: " + e.Kind.String()
	case e.Kind == wire.Timeout:
		return "Home Assistant did not answer in time"
	case e.Kind == wire.Protocol:
		return "the answer of Home Assistant makes no sense"
	case e.Away():
		return "Home Assistant cannot be reached"
	}
	return "the connection to Home Assistant broke off"
}
