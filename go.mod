module orac

go 1.26.0

require (
	github.com/agext/levenshtein v1.2.1 // suggestions for misspelt names
	github.com/alexedwards/scs/v2 v2.9.0 // sessions of browsers
	github.com/aymanbagabas/go-udiff v0.4.1 // differences of texts, as edits; work that grows with the texts
	github.com/charmbracelet/x/ansi v0.11.9 // the cells that text takes on a terminal, with its colours
	github.com/chromedp/cdproto v0.159.0 // the protocol that chromedp speaks
	github.com/chromedp/chromedp v0.23.0 // tests use the console as a person does, in Debian's Chromium
	github.com/coder/websocket v1.8.15 // the stream of a speech-to-text service, and /api/ws
	github.com/coreos/go-oidc/v3 v3.21.0 // a member checks ID tokens with it, and tests what the issuer says
	github.com/eclipse/paho.golang v0.23.0 // MQTT 5, whose confirmations tell what became of a message
	github.com/flynn/noise v1.1.0 // the encryption of ESPHome's API
	github.com/gen2brain/malgo v0.11.24 // microphones, by PulseAudio and ALSA
	github.com/go-webauthn/webauthn v0.18.2 // passkeys
	github.com/golang-jwt/jwt/v5 v5.3.1 // tokens
	github.com/google/go-cmp v0.7.0 // tests show what differs
	github.com/hajimehoshi/go-mp3 v0.3.4 // sounds from elsewhere that are MP3; pure Go, Ebitengine's author keeps it
	github.com/hashicorp/hcl/v2 v2.25.0 // the language of the runbook
	github.com/hashicorp/mdns v1.0.7 // announces services on the network
	github.com/mewkiz/flac v1.0.14 // sounds that are FLAC, as Home Assistant sends them; pure Go
	github.com/miekg/dns v1.1.73 // the messages that mdns does not send: a service that comes or goes
	github.com/pion/opus v0.1.0 // sounds that are Opus; pure Go, Pion keeps it and checks it against the vectors of RFC 8251
	github.com/prometheus/client_golang v1.25.0 // metrics
	github.com/rogpeppe/go-internal v1.16.0 // tests that are scripts of commands
	github.com/shirou/gopsutil/v3 v3.24.5 // memory of the daemon and of its children
	github.com/spf13/cobra v1.10.2 // commands, their flags and help
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 // tests check our signatures with somebody else's code
	github.com/yalue/onnxruntime_go v1.27.0 // ONNX Runtime, which computes the networks
	github.com/yuin/goldmark v1.8.7 // reads the pages of `orac help TOPIC` and of the console, which are Markdown; glamour would bring 20 modules
	github.com/zclconf/go-cty v1.19.0 // values and functions of the language, with marks for secrets
	github.com/zeebo/xxh3 v1.1.0 // 128-bit keys of sounds: a tenth of a microsecond a hop, the same on every machine
	go.opentelemetry.io/otel v1.47.0 // tests read the traceparents that peers are told with it
	go.opentelemetry.io/otel/sdk v1.47.0 // tests compare the decisions of its sampler with ours
	go.opentelemetry.io/otel/trace v1.47.0 // the IDs that the two above speak in
	go.opentelemetry.io/proto/otlp v1.11.1 // tests read the traces that are sent with it
	go.opentelemetry.io/proto/slim/otlp v1.11.1 // the messages of OTLP; the exporter of OpenTelemetry's SDK would bring gRPC, 9 MB
	go.yaml.in/yaml/v3 v3.0.5 // topics.yaml of an existing Core, for orac import; the YAML organisation keeps it
	golang.org/x/crypto v0.59.0 // bcrypt
	golang.org/x/oauth2 v0.38.0 // the client of the code flow
	golang.org/x/sys v0.50.0 // what of Linux the standard library does not have: limits, peers of sockets, locks
	golang.org/x/term v0.48.0 // passwords without an echo, the size of a terminal
	golang.org/x/tools v0.52.0 // tests read the code with its types
	google.golang.org/protobuf v1.36.12 // ONNX files and the messages of ESPHome's API are protocol buffers
	modernc.org/sqlite v1.48.0 // the history and the logins, without C
	pgregory.net/rapid v1.3.0 // property tests
)

require (
	github.com/apparentlymart/go-textseg/v15 v15.0.0 // indirect
	github.com/apparentlymart/go-textseg/v17 v17.0.1 // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/cpuid/v2 v2.2.10 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mitchellh/go-wordwrap v1.0.1 // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/spf13/pflag v1.0.9 // the flags of cobra, to say in plain words what is wrong with one
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.25.0 // indirect
	golang.org/x/text v0.44.0 // indirect
	modernc.org/libc v1.70.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.11.0 // indirect
)

require (
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/fxamacker/cbor/v2 v2.9.4 // indirect
	github.com/go-jose/go-jose/v4 v4.1.4 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/go-ole/go-ole v1.2.6 // indirect
	github.com/go-viper/mapstructure/v2 v2.5.0 // indirect
	github.com/go-webauthn/x v0.3.1 // indirect
	github.com/google/go-tpm v0.9.8 // indirect
	github.com/icza/bitio v1.1.0 // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	github.com/lufia/plan9stats v0.0.0-20211012122336-39d0f177ccd0 // indirect
	github.com/mattn/go-runewidth v0.0.31 // indirect
	github.com/mewkiz/pkg v0.0.0-20250417130911-3f050ff8c56d // indirect
	github.com/mewpkg/term v0.0.0-20241026122259-37a80af23985 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/power-devops/perfstat v0.0.0-20210106213030-5aafc221ea8c // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/shoenig/go-m1cpu v0.1.6 // indirect
	github.com/tinylib/msgp v1.6.4 // indirect
	github.com/tklauser/go-sysconf v0.3.12 // indirect
	github.com/tklauser/numcpus v0.6.1 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/otel/metric v1.47.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/perf v0.0.0-20260908200009-22c9c6c9d4da // indirect
)

tool golang.org/x/perf/cmd/benchstat // compares the figures of make bench
