package onnx

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxInts bounds the integers of one tensor that are not raw: each needs a byte
// in the file but eight in memory, and only shapes and indices are stored this
// way.
const maxInts = 1 << 20

func (p *parser) tensor(f field) (*Tensor, error) {
	if p.tensors++; p.tensors > MaxTensors {
		return nil, p.bad("more than %d tensors", MaxTensors)
	}
	fs, err := p.cut(f.body, "tensor")
	if err != nil {
		return nil, err
	}
	t := &Tensor{}
	var ints, others int64 // elements in the typed fields
	for _, f := range fs { // TensorProto
		switch f.num {
		case 1:
			t.Dims, err = p.appendInts(t.Dims, f, MaxRank, "tensor dimensions")
		case 2:
			t.Type = DataType(int32(f.num64))
		case 4: // float_data; ONNX packs it, but single values are legal, too
			if f.typ == protowire.BytesType {
				t.floats = append(t.floats, f.body...)
			} else if f.typ == protowire.Fixed32Type {
				t.floats = append(t.floats, f.raw[len(f.raw)-4:]...)
			}
		case 5: // int32_data, used by every narrow type
			var v []int64
			if v, err = p.appendInts(nil, f, maxInts, "int32_data"); err == nil {
				others += int64(len(v))
			}
		case 6:
			others++
		case 7:
			t.ints, err = p.appendInts(t.ints, f, maxInts, "int64_data")
			ints = int64(len(t.ints))
		case 8:
			t.Name, err = p.str(f, "tensor name")
		case 9:
			t.raw = f.body
		case 10:
			others += int64(len(f.body)) / 8
		case 11:
			var v []int64
			if v, err = p.appendInts(nil, f, maxInts, "uint64_data"); err == nil {
				others += int64(len(v))
			}
		case 13, 14:
			if f.num == 13 || f.num64 != 0 {
				err = p.bad("tensor %q keeps its data in another file; only self-contained models are accepted", t.Name)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return t, p.agree(t, ints, others)
}

// agree checks that the dimensions match the data exactly.
func (p *parser) agree(t *Tensor, ints, others int64) error {
	want := int64(1)
	for _, d := range t.Dims {
		if d < 0 || d > MaxFile || (d > 0 && want > MaxFile/d) {
			return p.bad("tensor %q announces dimensions %v, more than a file of %d bytes can hold", t.Name, t.Dims, MaxFile)
		}
		want *= d
	}
	if len(t.floats)%4 != 0 {
		return p.bad("tensor %q: float_data is cut off", t.Name)
	}
	have := int64(len(t.floats)/4) + ints + others
	if len(t.raw) > 0 {
		size := t.Type.size()
		if size == 0 || int64(len(t.raw))%size != 0 || have != 0 {
			return p.bad("tensor %q: %d bytes of raw data do not fit type %s", t.Name, len(t.raw), t.Type)
		}
		have = int64(len(t.raw)) / size
	} else if t.Type == Float32 && have != int64(len(t.floats)/4) || t.Type == Int64 && have != ints {
		return p.bad("tensor %q: its data is not of its type %s", t.Name, t.Type)
	}
	if have != want {
		return p.bad("tensor %q announces %d elements (dimensions %v) but holds %d", t.Name, want, t.Dims, have)
	}
	return nil
}

// int64Bytes returns the raw_data of int64 values.
func int64Bytes(v ...int64) []byte {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}
