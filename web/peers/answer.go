package peers

import (
	"cmp"
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"orac/web/gate"
	"orac/web/schema"
)

// JSON answers with a value.
func JSON(c *gate.Call, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.W.WriteHeader(status)
	_, _ = c.W.Write(body) // whether it arrives is the client's concern
	return nil
}

// FailAsBefore answers with an error as the existing services do: {"detail": …}, and a list of them for 422.
func FailAsBefore(c *gate.Call, p *schema.Problem) {
	if cause := p.Cause(); cause != nil {
		c.Log().Warn("request failed", "code", string(p.Code), "cause", schema.Clip(schema.Clean(cause.Error()), 1000))
	}
	if d := p.RetryAfter(); d > 0 {
		c.W.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(d.Seconds()))))
	}
	detail := any(cmp.Or(p.Detail, p.Title))
	if p.Status == http.StatusUnprocessableEntity {
		detail = []map[string]any{{"loc": []string{"body"}, "msg": detail, "type": "value_error"}}
	}
	_ = JSON(c, p.Status, map[string]any{"detail": detail}) // texts can be written
}
