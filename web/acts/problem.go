package acts

import (
	"errors"
	"strings"
	"time"

	"orac/appliance/act"
	"orac/appliance/amount"
	"orac/appliance/status"
	"orac/web/schema"
)

// ProblemOf converts what the acting side of an appliance answers into a problem. Any other error becomes what schema.ProblemOf makes
// of it.
func ProblemOf(err error) *schema.Problem {
	var busy *act.BusyError
	var much *amount.TooMuchError
	var topic *act.TopicError
	var expired *act.ExpiredError
	var late *act.TimeoutError
	var refusal *status.Refusal
	switch {
	case errors.As(err, &busy):
		return schema.Because(schema.QueueFull, err, "%s", schema.Sentence(busy.Error())).After(max(time.Second, busy.RetryAfter))
	case errors.As(err, &much) && strings.HasPrefix(much.What, "bytes"):
		return schema.Fail(schema.TooLarge, "%s", schema.Sentence(much.Error()))
	case errors.As(err, &much):
		return schema.Fail(schema.Unusable, "%s", schema.Sentence(much.Error()))
	case errors.As(err, &topic):
		return schema.Fail(schema.NoTopic, "%s", schema.Sentence(topic.Error()))
	case errors.As(err, &expired):
		return schema.Fail(schema.Expired, "%s", schema.Sentence(expired.Error()))
	case errors.As(err, &late):
		return schema.Because(schema.TooLate, err, "%s", schema.Sentence(late.Error()))
	case errors.Is(err, act.ErrNoBackend):
		return schema.Fail(schema.NotFound, "The runbook declares no such backend.")
	case errors.As(err, &refusal) && refusal.Code == status.Stopping: // it is being stopped or changed
		return schema.Because(schema.Stopping, err, "").After(time.Second)
	}
	return schema.ProblemOf(err)
}
