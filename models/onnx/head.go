package onnx

import "fmt"

// Limits of a head; openWakeWord's largest has a window of 34 and 7 classes.
const (
	maxWindow  = 512
	maxClasses = 1000
)

// Head checks that a model is a wake word head, a classifier that maps
// [1, window, features] to [1, classes] in float32, and returns its window and
// classes. The error says what it is instead.
func Head(m *Model, features int64) (window, classes int64, err error) {
	g := m.Graph
	if len(g.Inputs) != 1 || len(g.Outputs) != 1 {
		return 0, 0, fmt.Errorf("it has %d inputs and %d outputs, not one each", len(g.Inputs), len(g.Outputs))
	}
	in, out := g.Inputs[0], g.Outputs[0]
	if in.Type != Float32 || out.Type != Float32 {
		return 0, 0, fmt.Errorf("it maps %s to %s, not float32 to float32", in.Type, out.Type)
	}
	if !in.Fits(1, -1, features) || in.Dims[1] < 1 || in.Dims[1] > maxWindow {
		return 0, 0, fmt.Errorf("its input is %v, not [1 window %d] with a fixed window of 1 to %d", in.Dims, features, maxWindow)
	}
	if !out.Fits(1, -1) || out.Dims[1] < 1 || out.Dims[1] > maxClasses {
		return 0, 0, fmt.Errorf("its output is %v, not [1 classes] with 1 to %d classes", out.Dims, maxClasses)
	}
	ops := m.Ops()
	for _, op := range []string{"Loop", "Scan"} {
		if ops[op] > 0 { // it could run for ever, and a classifier needs none
			return 0, 0, fmt.Errorf("it holds a loop (%s)", op)
		}
	}
	return in.Dims[1], out.Dims[1], nil
}

// Fits tells whether a value can have the wanted dimensions. -1, on either
// side, stands for any size.
func (v Value) Fits(want ...int64) bool {
	if len(v.Dims) != len(want) {
		return false
	}
	for i, d := range v.Dims {
		if d != want[i] && d != -1 && want[i] != -1 {
			return false
		}
	}
	return true
}
