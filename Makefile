PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

WEB := export/web
# The tests of the page need this target; they are skipped without Node or npm's packages.
PAGE := $(if $(shell command -v npm),runtime-if-possible)

.PHONY: demo test quick fuzz chaos conformance lint docs notebooks web dist runtime-if-possible clean

demo: $(VENV)/installed
	$(BIN)/python -m trainers.train --recipe=vae --dataset=digits --latent_dim=2 --epochs=200 \
	  --ema_decay=0.99 --workdir=runs/demo
	$(BIN)/python -m export.export --run=runs/demo
	@echo "Open runs/demo/report.html"

# Most of the time goes into tracing graphs, which takes one core: two processes halve it.
test: $(VENV)/installed lint $(PAGE)
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The tests of what changed since BASE; tests/changed.py says how they are chosen.
quick: $(VENV)/installed lint
	@files=$$($(BIN)/python -m tests.changed $(BASE)) && \
	  if [ "$$files" ]; then $(BIN)/python -m pytest -n 2 --dist loadfile $$files; fi

# Every member under XLA, on two replicas and exported, which `test` leaves out: an hour.
conformance: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 tests/conformance tests/test_build.py -m "product or not product"

# Random values, files and labels at every door, twenty times as many as `test` tries.
fuzz: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 tests/fuzz --hypothesis-profile=fuzz

# Kills and full disks in the middle of commands; it counts in runs/chaos, and goes on there.
ROUNDS ?= 200
chaos: $(VENV)/installed
	$(BIN)/python -c "from tests import chaos; chaos.main()" --rounds=$(ROUNDS)

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages that are written from options, measures and schemas, and then the site of all pages.
docs: $(VENV)/installed
	$(BIN)/python -m tests.flags_page > docs/reference/flags.md
	$(BIN)/python -m tests.card_page > docs/reference/model_card.md
	$(BIN)/python -m keras_vae.measures.documents
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

# Runs the notebooks of colab/ whole, one by one: executed copies are in build/notebooks/.
notebooks: $(VENV)/installed
	$(BIN)/python -m tests.notebooks run

# The page of `export --web`: bundles its sources, and puts the runtime beside them (Node 20).
web: $(WEB)/runtime/litert.wasm.gz
	cd $(WEB) && npm run build

$(WEB)/runtime/litert.wasm.gz: $(WEB)/node_modules/installed
	cd $(WEB) && npm run runtime

$(WEB)/node_modules/installed: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund
	touch $@

# This target isn't `web`: the tests compare the bundle that is there with its sources.
runtime-if-possible:
	@$(MAKE) $(WEB)/runtime/litert.wasm.gz || echo "The page isn't tested: it needs Node 20 and npm's packages."

# The wheel carries the runtime, so that its users need no Node.
dist: $(VENV)/installed web
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir=dist .

# setup.py says what is needed; a change there installs anew.
$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e ".[test,docs]"
	touch $@

clean:
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/runtime build dist docs/_build docs/tutorials \
	  *.egg-info
