package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"orac/appliance/status"
)

// failure is an error on the wire.
type failure struct {
	Error  string      `json:"error"`
	Hint   string      `json:"hint,omitempty"`
	Detail string      `json:"detail,omitempty"`
	Code   status.Code `json:"code"`
}

// failed is the code of an error that is not a refusal.
const failed status.Code = "failed"

// httpStatus of a refusal.
var httpStatus = map[status.Code]int{
	status.Invalid:   http.StatusBadRequest,
	status.Changed:   http.StatusConflict,
	status.Stuck:     http.StatusConflict,
	status.Busy:      http.StatusConflict,
	status.Forbidden: http.StatusForbidden,
	status.OutOfStep: http.StatusConflict,
	status.Unknown:   http.StatusNotFound,
	status.Stopping:  http.StatusServiceUnavailable,
}

// refusedHeader marks answers that come from the server itself and not from the appliance.
const refusedHeader = "Orac-Refused"

// tooLong is a body over the limit.
type tooLong struct{}

func (*tooLong) Error() string { return fmt.Sprintf("the body has more than %d bytes", maxBody) }

func invalid(format string, args ...any) error {
	return &status.Refusal{Code: status.Invalid, Message: fmt.Sprintf(format, args...)}
}

// describe returns the HTTP status of an error and the form in which it is sent.
func describe(err error) (int, failure) {
	var r *status.Refusal
	if errors.As(err, &r) {
		code, ok := httpStatus[r.Code]
		if !ok {
			code = http.StatusInternalServerError
		}
		return code, failure{Error: err.Error(), Hint: r.Hint, Detail: r.Detail, Code: r.Code}
	}
	var long *tooLong
	if errors.As(err, &long) {
		return http.StatusRequestEntityTooLarge, failure{Error: err.Error(), Code: status.Invalid}
	}
	return http.StatusInternalServerError, failure{Error: err.Error(), Code: failed}
}

// respond answers with a value or an error.
func respond(w http.ResponseWriter, v any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusOK, v)
}

func fail(w http.ResponseWriter, err error) {
	code, f := describe(err)
	answer(w, code, f)
}

// answer sends a value as JSON. Whether it arrives is the client's concern.
func answer(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // for example a float that is not a number
		code, body = http.StatusInternalServerError, []byte(`{"error":"cannot write the answer as JSON","code":"failed"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n'))
}
