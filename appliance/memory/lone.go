package memory

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// When a page of a file is needed, Linux maps its neighbours with it, 64 KiB in all. Of a large program that does little, that is four
// times what is needed: it hides what the program really uses, and keeps the kernel from reclaiming the rest first. Linux does so
// everywhere except in mappings that somebody follows by userfaultfd(2), write-protected pages for example. lone follows mappings in that
// way and protects nothing, so nobody is ever asked or stopped.

// From linux/userfaultfd.h, the same on all architectures that ORAC runs on. Protecting pages of files needs Linux 6.7.
const (
	userModeOnly  = 1 // needs no privilege
	uffdAPI       = 0xaa
	featureWP     = 1 << 15 // UFFD_FEATURE_WP_ASYNC
	modeWP        = 1 << 1  // UFFDIO_REGISTER_MODE_WP
	uffdioAPI     = 0xc018aa3f
	uffdioObserve = 0xc020aa00 // UFFDIO_REGISTER
)

// observer follows mappings as long as its descriptor is open: until the process ends. It is -1 where the kernel, or a filter of system
// calls such as Docker's, refuses it.
var observer = sync.OnceValue(func() int {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|userModeOnly, 0, 0)
	if errno != 0 {
		return -1
	}
	agreed := struct{ api, features, ioctls uint64 }{api: uffdAPI, features: featureWP}
	if !ioctl(int(fd), uffdioAPI, unsafe.Pointer(&agreed)) {
		_ = unix.Close(int(fd)) // it was of no use
		return -1
	}
	return int(fd)
})

// lone has the pages of a mapping come alone when they are needed. Without permission they come as always.
func lone(start, end uintptr) {
	if fd := observer(); fd >= 0 {
		of := struct{ start, length, mode, ioctls uint64 }{start: uint64(start), length: uint64(end - start), mode: modeWP}
		ioctl(fd, uffdioObserve, unsafe.Pointer(&of))
	}
}

func ioctl(fd int, request uintptr, argument unsafe.Pointer) bool {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(argument))
	return errno == 0
}
