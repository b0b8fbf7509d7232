// Package onnx reads the part of the ONNX format that ORAC has to understand
// before a model may reach the inference runtime, and rewrites some networks.
//
// Guarantees:
//
//   - Parse never panics and never allocates more than a small multiple of the
//     bytes it is given: every length in the file is checked against the bytes
//     that are there, and files, nesting, nodes, tensors and dimensions have
//     limits (see Limits below).
//   - A tensor whose dimensions do not agree with its data is refused, and so
//     is a tensor whose data is in another file.
//   - Encode(Parse(b)) is b, byte for byte: fields that this package does not
//     know are kept as they were.
//   - Stream derives the incremental form of an openWakeWord embedding network
//     or says why it cannot (ErrNotStreamable); it never guesses.
//   - Integers rewrites products with quantised constants, and nothing else.
//
// The format is that of onnx.proto, IR version 3 to 13 (field numbers beside
// each reader). The package knows no runtime and touches no file.
package onnx

// Limits. They are far above every speech model and far below what could hurt
// a small machine.
const (
	MaxFile    = 64 << 20 // bytes of one model file
	MaxNodes   = 20_000   // nodes, sub-graphs included
	MaxTensors = 20_000   // initialisers and tensor attributes
	MaxRank    = 8        // dimensions of one tensor
	MaxDepth   = 8        // graphs inside node attributes inside graphs
	MaxName    = 4096     // bytes of a name
	MaxFields  = 400_000  // protobuf fields looked at in one file
)
