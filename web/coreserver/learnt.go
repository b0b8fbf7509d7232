package coreserver

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"orac/appliance/act"
	"orac/web/peers"
	"orac/web/schema"
)

// LearntStats count what was learnt.
type LearntStats struct {
	Entries int `json:"entries"`
	Hits    int `json:"total_hits"`
}

// LearntOut are learnt answers.
type LearntOut struct {
	Entries []LearntEntry `json:"entries"`
	Total   int           `json:"total"`
}

// LearntEntry is one of them, with the fields of the existing service.
type LearntEntry struct {
	Text    string  `json:"stt_text"`
	Topic   string  `json:"topic_id"`
	JSON    string  `json:"json_output" doc:"The first command as the existing service writes it."`
	Entity  string  `json:"entity_id"`
	Count   int     `json:"success_count"`
	Made    *string `json:"created_at"`
	Used    *string `json:"last_used_at"`
	Expires *string `json:"expires_at"`
}

type learntIn struct {
	Limit int    `query:"limit" check:"min=1;max=500"`
	Topic string `query:"topic_id" check:"pattern=topic"`
}

func (c *call) known() ([]act.LearntAnswer, error) {
	core, err := c.core()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context(), peers.StateTime)
	defer cancel()
	return core.Learnt(ctx)
}

func (c *call) learntStats() error {
	list, err := c.known()
	if err != nil {
		return err
	}
	out := LearntStats{Entries: len(list)}
	for _, l := range list {
		out.Hits += l.Hits
	}
	return c.JSON(http.StatusOK, out)
}

func (c *call) learnt() error {
	q, limit := c.R.URL.Query(), 50
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 500 {
			return schema.Fail(schema.Unusable, "limit: 1 to 500.")
		}
		limit = n
	}
	list, err := c.known()
	if err != nil {
		return err
	}
	if topic := strings.ToLower(q.Get("topic_id")); topic != "" {
		list = slices.DeleteFunc(slices.Clone(list), func(l act.LearntAnswer) bool { return strings.ToLower(l.Topic) != topic })
	}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b act.LearntAnswer) int { return b.Used.Compare(a.Used) })
	out := LearntOut{[]LearntEntry{}, len(list)}
	for _, l := range list[:min(limit, len(list))] {
		e := LearntEntry{Text: l.Text, Topic: l.Topic, Count: l.Hits, Made: stamp(l.Made), Used: stamp(l.Used), Expires: stamp(l.Expires)}
		if len(l.Commands) > 0 {
			cmd := l.Commands[0]
			if e.JSON = encode(deed{deviceOf(cmd), actionOf(cmd), locationOf(cmd)}); len(cmd.Targets) > 0 {
				e.Entity = cmd.Targets[0]
			}
		}
		out.Entries = append(out.Entries, e)
	}
	return c.JSON(http.StatusOK, out)
}

// ClearedOut says how many were forgotten.
type ClearedOut struct {
	Status  string `json:"status"`
	Removed int    `json:"entries_removed"`
}

func (c *call) clear() error {
	core, err := c.core()
	if err != nil {
		return err
	}
	n, err := core.Forget(c.Context(), "", "")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ClearedOut{"cleared", n})
}

type entryIn struct {
	Text  string `query:"stt_text" check:"max=2000"`
	Topic string `query:"topic_id" check:"pattern=topic"`
}

// RemovedOut says what was forgotten.
type RemovedOut struct {
	Status string `json:"status"`
	Text   string `json:"stt_text"`
	Topic  string `json:"topic_id"`
}

func (c *call) forget() error {
	q := c.R.URL.Query()
	said := q.Get("stt_text")
	if said == "" || len(said) > act.MaxText { // an empty text would be all of them
		return schema.Fail(schema.Unusable, "stt_text: 1 to %d bytes.", act.MaxText)
	}
	topic, err := topicOf(q.Get("topic_id"))
	if err != nil {
		return err
	}
	core, err := c.core()
	if err != nil {
		return err
	}
	n, err := core.Forget(c.Context(), topic, said)
	if err != nil {
		return err
	}
	if n == 0 {
		return schema.Fail(schema.NotFound, "Nothing was learnt for this text.")
	}
	return c.JSON(http.StatusOK, RemovedOut{"removed", said, topic})
}
