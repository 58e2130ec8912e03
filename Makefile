# Everything a developer runs. It needs Go; `make stack`, `make test` and `make bench` also need the Debian packages named in
# internal/services/server/debian-packages, which root gets installed and others are told about.

.POSIX:
.PHONY: help run stack stack-stop test test-embedded check generate torture bench bin/ordermill bin/stack bin/withservers packages
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 - \2/p' Makefile

run: ## start Ordermill on this machine: SQLite and an in-process bus, nothing to install
	go run ./cmd/ordermill dev

stack: packages bin/ordermill bin/stack ## start three copies on servers of their own, on loopback, and leave them running
	@bin/stack start

stack-stop: bin/stack ## stop them, and throw their data away
	@bin/stack stop

test: packages bin/withservers ## run all tests against real servers, then again with the race detector at small counts
	bin/withservers sh -ec 'go test -timeout 8m ./...; CGO_ENABLED=1 go test -race -short -timeout 8m ./...'

test-embedded: ## run the tests that need no servers
	@echo 'Tests that need PostgreSQL, RabbitMQ or Redis are left out; make test runs them.'
	ORDERMILL_TEST_EMBEDDED=1 go test ./...

check: ## formatting, vet, staticcheck, exhaustive sums, import rules
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w these: $$unformatted" >&2; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go tool go-check-sumtype -default-signifies-exhaustive=false ./...
	go test ./internal/archtest

generate: ## write the pages of docs that are made from code; tests fail while one is stale
	go run ./internal/reference
	go test ./cmd/ordermill -count=1 -run '^TestConfigurationPage$$' -update

torture: packages bin/withservers ## the end-to-end faults at random moments, many times over
	ORDERMILL_TORTURE=1 bin/withservers go test -count=1 -timeout 120m ./internal/e2e

bench: packages ## measure against plain tables and bare brokers, at most 12 minutes; FULL=1 for the README's figures, ONLY='Postgres, 64' for one case
	go run ./internal/bench

packages:
	@.ci/install-packages

bin/ordermill:
	go build -buildvcs=false -ldflags "-X ordermill/app.release=$$(git describe --always --dirty 2>/dev/null)" -o $@ ./cmd/ordermill

bin/stack:
	go build -buildvcs=false -o $@ ./internal/services/stack

bin/withservers:
	go build -buildvcs=false -o $@ ./internal/services/withservers
