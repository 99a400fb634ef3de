# make demo: try the main job. make test: what CI runs. make build: the release binary.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: build demo portal test lint control-plane clean

target := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
cache := $(if $(PILOTHOUSE_CACHE),$(PILOTHOUSE_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/pilothouse)

build: portal
	@hack/need build
	cargo build --locked --release --package pilothouse-cli

# Built only where its sources changed since.
portal: portal/dist/index.html

portal/dist/index.html: $(shell find portal -path portal/node_modules -prune -o -path portal/dist -prune -o -type f -print)
	@hack/need build
	cd portal && npm ci --no-audit --no-fund --loglevel=error && npm run build

# One build for both: the example's features would have most crates built again.
demo: portal
	@hack/need build
	cargo build --locked --release --package pilothouse-cli --bins --example demo-registry
	@demo/run "$(target)/release"

test:
	@hack/need test
	cargo fmt --all --check
	hack/test "$(cache)"

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

control-plane:
	hack/control-plane build

clean:
	rm -rf target portal/dist portal/node_modules
