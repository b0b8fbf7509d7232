package docstest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Values returns the JSON values of a text: one value, or one on each line.
func Values(text string) (list []any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var v any
		switch err := d.Decode(&v); err {
		case nil:
			list = append(list, v)
		case io.EOF:
			return list, nil
		default:
			return list, fmt.Errorf("not JSON: %w", err)
		}
	}
}

// Shape says why no real value has the shape of the value that a document shows; "" if one has it: every key that is shown
// exists, with a value of the same type. An event is compared with events of its kind.
func Shape(shown any, real []any) string {
	if len(real) == 0 {
		return "there is nothing to compare it with"
	}
	if object, is := shown.(map[string]any); is && object["kind"] != nil {
		same := slices.DeleteFunc(slices.Clone(real), func(v any) bool {
			o, is := v.(map[string]any)
			return !is || o["kind"] != object["kind"]
		})
		if len(same) > 0 {
			real = same
		}
	}
	lack := ""
	for _, v := range real {
		if lack = lacks("", shown, v); lack == "" {
			return ""
		}
	}
	return lack
}

// lacks says what the real value lacks of the shown one.
func lacks(at string, shown, real any) string {
	switch shown := shown.(type) {
	case map[string]any:
		object, is := real.(map[string]any)
		if !is {
			return fmt.Sprintf("%s is no object in reality", name(at))
		}
		for key, v := range shown {
			there, has := object[key]
			if !has {
				return fmt.Sprintf("%s.%s does not exist in reality", at, key)
			}
			if lack := lacks(at+"."+key, v, there); lack != "" {
				return lack
			}
		}
	case []any:
		array, is := real.([]any)
		if !is {
			return fmt.Sprintf("%s is no list in reality", name(at))
		}
		for _, v := range shown {
			lack := name(at) + " is empty in reality"
			for _, there := range array {
				if lack = lacks(at+"[]", v, there); lack == "" {
					break
				}
			}
			if lack != "" {
				return lack
			}
		}
	case nil: // matches anything
	default:
		if real != nil && fmt.Sprintf("%T", shown) != fmt.Sprintf("%T", real) {
			return fmt.Sprintf("%s is %T in the document and %T in reality", name(at), shown, real)
		}
	}
	return ""
}

func name(at string) string {
	if at == "" {
		return "the value"
	}
	return at
}
