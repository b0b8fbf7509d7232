package api

import (
	"encoding/json"
	"net/http"
	"strconv"

	"orac/web/schema"
)

var jsonType = []string{"application/json"}

// answer sends the result of a route as JSON.
func (s *Server) answer(c *Call, out any) {
	if _, nothing := out.(schema.None); nothing {
		c.W.WriteHeader(http.StatusNoContent)
		return
	}
	body, ready := out.(text)
	if !ready {
		var err error
		if body, err = json.Marshal(out); err != nil { // for example a float that is not a number
			c.Fail(err)
			return
		}
		body = append(body, '\n')
	}
	status := c.Route.Status
	if status == 0 {
		status = http.StatusOK
	}
	if o, ok := out.(schema.Coded); ok {
		status = o.StatusCode()
	}
	h := c.W.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))} // otherwise a long answer is sent in chunks
	c.W.WriteHeader(status)
	_, _ = c.W.Write(body) // whether it arrives is the client's concern
}

// notNil makes JSON show an empty list as [].
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
