package memory

/*
#define _GNU_SOURCE
#include <link.h>
#include <stdlib.h>
#include <string.h>

struct names { char *text; size_t used, room; };

static int add(struct dl_phdr_info *info, size_t size, void *to)
{
	struct names *n = to;
	const char *name = info->dlpi_name ? info->dlpi_name : "";
	const size_t length = strlen(name) + 1;
	(void)size;
	if (n->used + length > n->room) {
		const size_t room = 2 * (n->used + length);
		char *text = realloc(n->text, room);
		if (!text) {
			return 1;
		}
		n->text = text;
		n->room = room;
	}
	memcpy(n->text + n->used, name, length);
	n->used += length;
	return 0;
}

// loaded returns the names of the libraries that are mapped completely, each ended by a zero byte.
static struct names loaded(void)
{
	struct names n = {0, 0, 0};
	dl_iterate_phdr(add, &n);
	return n;
}
*/
import "C"

import (
	"strings"
	"unsafe"
)

// libraries returns the paths of the libraries that the dynamic linker has mapped. One that is being loaded is listed only once all of it
// is mapped.
func libraries() (paths []string) {
	names := C.loaded()
	if names.text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(names.text))
	for name := range strings.SplitSeq(C.GoStringN(names.text, C.int(names.used)), "\x00") {
		if strings.HasPrefix(name, "/") { // the program and the vDSO have no path
			paths = append(paths, name)
		}
	}
	return paths
}
