package kernel

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/cpu"
)

// Set is an instruction set that the kernels were built for.
type Set struct {
	name  string
	lanes int // floats of a vector
}

// String returns "avx512", "avx2" or "neon".
func (s Set) String() string { return s.name }

// Supported returns the sets that this processor has, the fastest first. It is empty where ONNX Runtime is as fast (x86-64 without
// AVX2) and where the kernels were never tried (every other architecture).
func Supported() []Set {
	switch runtime.GOARCH {
	case "arm64":
		return []Set{{"neon", 4}}
	case "amd64":
		var sets []Set
		if x := cpu.X86; x.HasAVX2 && x.HasFMA {
			if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ {
				sets = append(sets, Set{"avx512", 16})
			}
			sets = append(sets, Set{"avx2", 8})
		}
		return sets
	}
	return nil
}

// Named finds a set of this processor.
func Named(name string) (Set, error) {
	var names []string
	for _, s := range Supported() {
		if s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	if len(names) == 0 {
		return Set{}, fmt.Errorf("this processor has no instruction set %q, nor another that kernels were built for", name)
	}
	return Set{}, fmt.Errorf("this processor has no instruction set %q; it has %s", name, strings.Join(names, ", "))
}

// Version names what the kernels compute. It changes whenever their results may.
const Version = "2"
