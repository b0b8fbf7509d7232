package onnx

// This file makes the few protobuf messages that Stream adds to a graph.
// Field numbers are those of onnx.proto.

// int64Tensor returns a TensorProto of rank 1.
func int64Tensor(name string, v ...int64) []byte {
	return message{varintField(1, uint64(len(v))), varintField(2, uint64(Int64)),
		bytesField(8, []byte(name)), bytesField(9, int64Bytes(v...))}.encode()
}

// intAttr returns an AttributeProto of type INT.
func intAttr(name string, v int64) []byte {
	const typeInt = 2
	return message{bytesField(1, []byte(name)), varintField(3, uint64(v)), varintField(20, typeInt)}.encode()
}

// newNode returns a NodeProto of the default domain.
func newNode(op string, inputs, outputs []string, attrs ...[]byte) []byte {
	var m message
	for _, s := range inputs {
		m = append(m, bytesField(1, []byte(s)))
	}
	for _, s := range outputs {
		m = append(m, bytesField(2, []byte(s)))
	}
	m = append(m, bytesField(4, []byte(op)))
	for _, a := range attrs {
		m = append(m, bytesField(5, a))
	}
	return m.encode()
}

// newValue returns a ValueInfoProto of a float32 tensor.
func newValue(name string, dims []int64) []byte {
	var shape message
	for _, d := range dims {
		shape = append(shape, bytesField(1, varintField(1, uint64(d)).raw))
	}
	tensor := message{varintField(1, uint64(Float32)), bytesField(2, shape.encode())}
	return message{bytesField(1, []byte(name)), bytesField(2, bytesField(1, tensor.encode()).raw)}.encode()
}

// withFirstInput returns a NodeProto with the name of its first input replaced.
// The node was parsed before, so it can be cut again.
func withFirstInput(node []byte, name string) []byte {
	m := recut(node)
	for i, f := range m {
		if f.num == 1 {
			m[i] = bytesField(1, []byte(name))
			break
		}
	}
	return m.encode()
}

// tensorName returns the name of a TensorProto, valueName that of a
// ValueInfoProto.
func tensorName(b []byte) string { return stringOf(b, 8) }
func valueName(b []byte) string  { return stringOf(b, 1) }

func stringOf(b []byte, num int32) string {
	for _, f := range recut(b) {
		if int32(f.num) == num {
			return string(f.body)
		}
	}
	return ""
}

// recut cuts bytes that were already cut once.
func recut(b []byte) message {
	m, err := (&parser{}).cut(b, "")
	if err != nil {
		panic("BUG: a parsed message cannot be parsed again: " + err.Error())
	}
	return m
}
