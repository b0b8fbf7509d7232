package onnx

import (
	"errors"
	"strings"
	"testing"
)

// TestForeignFiles: whoever brings a file of another kind is told which it is, and what to take.
func TestForeignFiles(t *testing.T) {
	for file, want := range map[string]string{
		"\x1c\x00\x00\x00TFL3\x14\x00":              "TensorFlow Lite",
		"PK\x03\x04archive/data.pkl":                "PyTorch",
		"version https://git-lfs.github.com/spec/v": "Git LFS",
		"<!DOCTYPE html><html>":                     "web page",
		`{"wake_word": "computer"}`:                 "JSON",
		"\x1f\x8b\x08\x00":                          "gunzip",
	} {
		if _, err := Parse([]byte(file)); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is said to be: %v", file, err)
		}
	}
	for _, file := range []string{"", "TFL", "\x08\x07\x12\x07pytorch"} {
		if err := foreignFile([]byte(file)); err != nil {
			t.Errorf("%q is said to be: %v", file, err)
		}
	}
}
