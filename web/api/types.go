package api

import (
	"net/http"

	"orac/appliance/audio/capture"
)

// What the machine hears with, for callers who may not import the package that listens.
type (
	Device  = capture.Device
	Devices = capture.Listing
)

// Handle adds a handler that is open to everybody and needs no Call: the console's files.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }
