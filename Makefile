PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test conformance lint clean

demo: $(VENV)/installed
	$(BIN)/python -m trainers.train --recipe=vae --dataset=digits --latent_dim=2 --epochs=200 \
	  --ema_decay=0.99 --workdir=runs/demo
	$(BIN)/python -m export.export --run=runs/demo
	@echo "Open runs/demo/report.html"

# Most of the time goes into tracing graphs, which takes one core: two processes halve it.
test: $(VENV)/installed lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Every member under XLA, on two replicas and exported, which `test` leaves out: an hour.
conformance: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 tests/conformance tests/test_build.py -m "product or not product"

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# setup.py says what is needed; a change there installs anew.
$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e ".[test]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
