package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Inspected is the content of a token, proven or not.
type Inspected struct {
	Header map[string]any `json:"header,omitempty"`
	Claims map[string]any `json:"claims,omitempty"`
	Good   bool           `json:"good"`
	Why    string         `json:"why,omitempty"` // why the token is not valid
}

// Inspect reads a token without proving it. The result does not include the signature.
func Inspect(text string) (in Inspected) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxToken {
		return in
	}
	for i, into := range []*map[string]any{&in.Header, &in.Claims} {
		if b, err := base64.RawURLEncoding.DecodeString(parts[i]); err == nil {
			_ = json.Unmarshal(b, into) // whatever is not JSON stays empty
		}
	}
	return in
}

// Lines returns header and claims as text, with times written as times.
func (in Inspected) Lines() (list [][2]string) {
	for _, m := range []map[string]any{in.Header, in.Claims} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			value := fmt.Sprint(m[name])
			if n, ok := m[name].(float64); ok && (name == "exp" || name == "iat" || name == "nbf") {
				value = time.Unix(int64(n), 0).Format(time.DateTime)
			}
			list = append(list, [2]string{name, value})
		}
	}
	return list
}
