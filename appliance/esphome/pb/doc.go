// Package pb holds the messages of the ESPHome native API as they are on the wire. esphome.proto is their source. `go generate` needs
// protoc (Debian: protobuf-compiler and libprotobuf-dev).
package pb

//go:generate sh -c "GOBIN=$DOLLAR(mktemp -d) && export GOBIN && go install google.golang.org/protobuf/cmd/protoc-gen-go && protoc --plugin=$DOLLAR{GOBIN}/protoc-gen-go --go_out=. --go_opt=paths=source_relative esphome.proto"
