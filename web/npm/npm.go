// Package npm holds what the console's pages need of other people's work: htmx, and uPlot for curves. package-lock.json fixes
// version and SHA-512 of both and names no registry; `make` has npm put them in place, and the binary carries them, so that a
// page fetches nothing from anywhere but the appliance. Beside them npm fetches a client of ESPHome's API, for tests alone.
package npm

import "embed"

// Files are the scripts and styles, by their path below node_modules.
//
//go:embed node_modules/htmx.org/dist/htmx.min.js
//go:embed node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css
var Files embed.FS
