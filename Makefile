# What one does with the project. `make run` and `make test` are all that a newcomer needs.
.DEFAULT_GOAL := build
.NOTPARALLEL:
.DELETE_ON_ERROR:

BUF := go run github.com/bufbuild/buf/cmd/buf@v1.75.0
LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
WITHPG := go run ./internal/database/databasetest/withpg --
NPM := npm --no-audit --no-fund --loglevel=error
TSCLIENT := internal/tools/tsclient
RELEASED := proto/released.binpb
FOR ?= 3m
CHANGES ?= 100000

.PHONY: run
run: postgresql build ## serve made-up data on this machine
	bin/btlc serve --demo --log-format text

.PHONY: build
build: ## bin/btlc
	go build -o bin/btlc ./cmd/btlc

.PHONY: test
test: tools check generated client race large ## everything that has to hold; what continuous integration runs

# Static checks: cheap ones first.
.PHONY: check
check: contract vet lint migrations

.PHONY: contract
contract: ## the contract's style, and that it breaks no caller of the last release
	$(BUF) lint
	$(BUF) format --diff --exit-code proto
	if [ -e $(RELEASED) ]; then $(BUF) breaking proto --against $(RELEASED) --exclude-imports; fi

.PHONY: image
image: ## take the contract as it is for released: only when a release is made
	$(BUF) build proto --exclude-source-info -o $(RELEASED)

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: ## golangci-lint, the walls between packages included
	$(LINT) run

.PHONY: fmt
fmt: ## format Go and protos
	$(LINT) fmt
	$(BUF) format -w proto

.PHONY: migrations
migrations: postgresql ## ent/schema says no more than the migrations make
	go run ./internal/tools/migration -check

.PHONY: migration
migration: postgresql ## write the next migration: make migration NAME=add_something
	go run ./internal/tools/migration -name "$(NAME)"

.PHONY: generate
generate: ## everything that is generated, from proto, ent/schema and the settings
	$(BUF) generate
	go generate ./ent
	$(TSCLIENT)/generate.sh
	go test ./internal/config -run '^TestReference$$' -update

# Compares the files themselves, not what git has: work that is not committed yet is no fault.
.PHONY: generated
generated: ## generating again changes nothing
	@sums() { find gen ent deploy/settings.md -type f -not -path '*/node_modules/*' -not -path '*/dist/*' | LC_ALL=C sort | xargs sha256sum; }; \
	before=$$(mktemp) after=$$(mktemp); trap 'rm -f "$$before" "$$after"' EXIT; \
	sums >"$$before" && $(MAKE) generate && sums >"$$after" && \
	{ diff "$$before" "$$after" || { echo "Generated files were not up to date; they are now: commit them." >&2; exit 1; }; }

.PHONY: client
client: ## build and test the TypeScript client
	cd gen/ts && $(NPM) ci && npm run build
	cd $(TSCLIENT) && $(NPM) ci && npm run check && npm test

# Other people's programs that tests work against.
.PHONY: peers
peers:
	for peer in internal/server/testdata/oidc internal/openbadge/interop internal/web/browser; do (cd $$peer && $(NPM) ci) || exit 1; done

.PHONY: race
race: peers ## all tests of Go, with the race detector, on one PostgreSQL
	$(WITHPG) go test -race -vet=off -timeout 30m ./...

# The race detector would take ten minutes for it; `race` reads less.
.PHONY: large
large: ## read rosters of two gigabytes
	go test ./internal/oneroster -run '^TestLargeRosters$$' -count=1 -large 2147483648

.PHONY: quick
quick: peers ## all tests of Go without the race detector, once `make client` has built the client
	$(WITHPG) go test -vet=off -p 4 ./...

.PHONY: soak
soak: postgresql ## race writers and consumers with kills, through 100,000 changes and many random histories, and simulate a term of 1,500 people
	go test -race ./internal/server -run '^(TestNothingIsLostOrDoneTwice|TestEveryConsumerHoldsTheTable)$$' -v -count=1 -soak $(FOR) -soak-changes $(CHANGES) -timeout 0
	go test -race ./internal/server -run '^(TestCopiesWhateverHappens|TestACopyIsRightWhoeverWritesAtOnce)$$' -v -count=1 -histories 60 -timeout 0
	go test ./internal/seating -run '^TestHistories$$' -v -count=1 -rapid.checks 20000
	go test -race ./internal/enrollment -run '^(TestSeatsForAThousand|TestSeatsWhateverHappens)$$' -v -count=1 -histories 30 -timeout 0
	go test -race ./internal/ledger -run '^TestRandomHistories$$' -v -count=1 -histories 60 -timeout 0
	go test ./internal/server -run '^TestATerm$$' -v -count=1 -term-sections 60 -term-people 1500

.PHONY: bench
bench: postgresql ## figures, as ratios of what pgbench and COPY do on the same tables
	go run ./internal/tools/bench

.PHONY: bench-signing
bench-signing: ## signing credentials, side by side with the JavaScript reference stack
	cd internal/openbadge/interop && $(NPM) ci
	go run ./internal/tools/signbench

# What tests and the demo need beside Go, Node and npm.
.PHONY: tools
tools: postgresql
	@$(call install,jq,jq); $(call install,curl,curl); $(call install,gcc,gcc libc6-dev); $(call install,chromium,chromium)

.PHONY: postgresql
postgresql:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { $(call install,postgres,postgresql); }

# install PROGRAM PACKAGE…: installs the packages when the program is not there, if it may.
define install
if command -v $(1) >/dev/null; then :; \
elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq install -y --no-install-recommends $(2) >/dev/null || exit 1; \
else \
	echo "$(1) is needed and not installed. On Debian and its kin: sudo apt install $(2)" >&2; exit 1; \
fi
endef

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
