package onnx

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is wrapped by every error that Parse returns for bytes that are
// not an acceptable ONNX model.
var ErrMalformed = errors.New("not an acceptable ONNX model")

// field is one protobuf field as it was in the file. raw holds tag, length and
// value; body the value of a length-delimited field; num64 that of a varint.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	raw   []byte
	body  []byte
	num64 uint64
}

// message is a protobuf message cut into fields. encode returns the bytes it
// was cut from, as long as no field was changed.
type message []field

func (m message) encode() []byte {
	n := 0
	for _, f := range m {
		n += len(f.raw)
	}
	out := make([]byte, 0, n)
	for _, f := range m {
		out = append(out, f.raw...)
	}
	return out
}

// bytesField makes a length-delimited field.
func bytesField(num protowire.Number, body []byte) field {
	raw := protowire.AppendTag(nil, num, protowire.BytesType)
	raw = protowire.AppendBytes(raw, body)
	return field{num: num, typ: protowire.BytesType, raw: raw, body: body}
}

// varintField makes a varint field.
func varintField(num protowire.Number, v uint64) field {
	raw := protowire.AppendTag(nil, num, protowire.VarintType)
	raw = protowire.AppendVarint(raw, v)
	return field{num: num, typ: protowire.VarintType, raw: raw, num64: v}
}

// cut splits a message into its fields and counts them against the file's
// limit.
func (p *parser) cut(b []byte, what string) (message, error) {
	var m message
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, p.bad("%s: a field tag is cut off or invalid", what)
		}
		f := field{num: num, typ: typ}
		var k int
		switch typ {
		case protowire.VarintType:
			f.num64, k = protowire.ConsumeVarint(b[n:])
		case protowire.BytesType:
			f.body, k = protowire.ConsumeBytes(b[n:])
		case protowire.Fixed32Type, protowire.Fixed64Type:
			k = protowire.ConsumeFieldValue(num, typ, b[n:])
		default: // onnx.proto does not use groups, and they could nest without bound
			return nil, p.bad("%s: field %d has the unsupported wire type %d", what, num, typ)
		}
		if k < 0 {
			return nil, p.bad("%s: field %d announces more bytes than the file holds (the file is truncated or damaged)", what, num)
		}
		if p.fields++; p.fields > MaxFields {
			return nil, p.bad("%s: more than %d fields", what, MaxFields)
		}
		f.raw = b[:n+k]
		b = b[n+k:]
		m = append(m, f)
	}
	return m, nil
}

func (p *parser) bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// str reads a name field.
func (p *parser) str(f field, what string) (string, error) {
	if f.typ != protowire.BytesType {
		return "", p.bad("%s is not a string", what)
	}
	if len(f.body) > MaxName {
		return "", p.bad("%s is %d bytes long, more than %d", what, len(f.body), MaxName)
	}
	return string(f.body), nil
}

// appendInts adds the int64 values of a repeated field, packed or not.
func (p *parser) appendInts(dst []int64, f field, limit int, what string) ([]int64, error) {
	switch f.typ {
	case protowire.VarintType:
		dst = append(dst, int64(f.num64))
	case protowire.BytesType:
		for b := f.body; len(b) > 0; {
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return nil, p.bad("%s: a packed integer is cut off", what)
			}
			dst, b = append(dst, int64(v)), b[n:]
			if len(dst) > limit {
				return nil, p.bad("%s: more than %d integers", what, limit)
			}
		}
	default:
		return nil, p.bad("%s holds no integers", what)
	}
	if len(dst) > limit {
		return nil, p.bad("%s: more than %d integers", what, limit)
	}
	return dst, nil
}
