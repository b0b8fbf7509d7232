package hometest

import (
	"net/http"
	"strings"
	"time"

	"orac/appliance/unruly"
)

// conversation understands "turn on NAME" and "turn off NAME", "is NAME on" and nothing else. NAME may be "everything", of which what is
// unavailable fails.
func (s *Server) conversation(w http.ResponseWriter, r *http.Request, b Behaviour) {
	data, err := body(r)
	if err != nil {
		http.Error(w, "400: Bad Request", http.StatusBadRequest)
		return
	}
	said := strings.ToLower(strings.TrimSpace(text(data, "text")))
	s.record(Call{"conversation.process", nil, data, r.Header.Get("X-Request-ID"), true, time.Now(), r.Header.Get("Traceparent")})
	var out map[string]any
	switch on, off := strings.CutPrefix(said, "turn on "); {
	case off:
		out = s.switched("turn_on", on)
	case strings.HasPrefix(said, "turn off "):
		out = s.switched("turn_off", strings.TrimPrefix(said, "turn off "))
	case strings.HasPrefix(said, "is "):
		out = response("query_answer", "Yes, it is", map[string]any{"targets": []any{}, "success": []any{}, "failed": []any{}})
	case strings.HasPrefix(said, "handle "):
		out = response("error", "Sorry, I could not do “"+said+"”", map[string]any{"code": "failed_to_handle"})
	default:
		out = response("error", "Sorry, I couldn't understand that", map[string]any{"code": "no_intent_match"})
	}
	switch b.Do {
	case Dies:
		unruly.Reset(w)
	case Cut:
		unruly.Cut(w, out)
	default:
		unruly.Answer(w, out)
	}
}

// switched is the answer to a command.
func (s *Server) switched(service, name string) map[string]any {
	success, failed := []any{}, []any{}
	for _, e := range s.States() {
		called, _ := e.Attributes["friendly_name"].(string)
		domain, _, _ := strings.Cut(e.Entity, ".")
		if domain != "light" && domain != "switch" || name != "everything" && strings.ToLower(called) != name {
			continue
		}
		target := map[string]any{"name": called, "type": "entity", "id": e.Entity}
		if e.State == "unavailable" {
			failed = append(failed, target)
			continue
		}
		_, _ = s.perform(Call{Service: domain + "." + service, Targets: []string{e.Entity}}, 0)
		success = append(success, target)
	}
	if len(success)+len(failed) == 0 {
		return response("error", "Sorry, I am not aware of any device called "+name, map[string]any{"code": "no_valid_targets"})
	}
	return response("action_done", "Done", map[string]any{"targets": []any{}, "success": success, "failed": failed})
}

func response(kind, speech string, data map[string]any) map[string]any {
	return map[string]any{
		"response": map[string]any{
			"response_type": kind, "language": "en", "card": map[string]any{}, "data": data,
			"speech": map[string]any{"plain": map[string]any{"speech": speech, "extra_data": nil}},
		},
		"conversation_id": "01J8", "continue_conversation": false,
	}
}
