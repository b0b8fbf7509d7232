package console

import (
	"sync"
	"testing"
)

// TestEveryTemplateIsParsed: each file, whoever asks first, and each once.
func TestEveryTemplateIsParsed(t *testing.T) {
	pages := loadTemplates()
	if len(pages) < 20 {
		t.Fatalf("%d files", len(pages))
	}
	var all sync.WaitGroup
	for name, load := range pages {
		for range 2 {
			all.Go(func() {
				if p := load(); p.Lookup("layout") == nil || p != load() {
					t.Errorf("%s has no layout, or is parsed again", name)
				}
			})
		}
	}
	all.Wait()
}
