//go:build !linux

package wyoming

func lowerPriority() {}
