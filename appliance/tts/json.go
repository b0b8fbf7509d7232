package tts

import "encoding/json"

// asJSON is a value of ours as JSON, without empty texts.
func asJSON(m map[string]string) []byte {
	for name, value := range m {
		if value == "" {
			delete(m, name)
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return text
}
