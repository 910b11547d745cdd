# Two commands do everything on a machine with Python 3.11 or later:
#   make demo   set up, and run the whole chain on the embedded sample
#   make test   set up, and pass every check
# A second run re-uses what the first one made.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCREEN := $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY)),,xvfb-run -a -s "-screen 0 1600x1000x24")
export OMP_NUM_THREADS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint docs pictures benchmarks checkpoints clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.app: pyproject.toml scripts/system-libraries scripts/make-venv
	@scripts/system-libraries
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV) -e '.[all]'
	@touch $@

$(VENV)/.dev: $(VENV)/.app
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV) -e '.[all,docs]' --group dev
	@touch $@

demo: $(VENV)/.app  ## The main job on the embedded sample: in napari, or on a virtual screen into demo-output/
	@$(SCREEN) $(BIN)/napari-bonemet demo --out demo-output --overwrite $(if $(SCREEN),--screen capture,)

test: lint docs  ## Every check that a change must pass
	$(SCREEN) $(BIN)/pytest -m "not slow" -n 2 --dist loadfile --max-worker-restart 0

test-long: $(VENV)/.dev  ## All tests, the slow ones too
	$(SCREEN) $(BIN)/pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.dev  ## The documentation, warnings as errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

pictures: $(VENV)/.dev  ## Every picture of the docs again, from real runs
	$(SCREEN) $(BIN)/python scripts/screenshots.py

benchmarks: $(VENV)/.dev  ## Speed, memory and accuracy, with figures
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# What the networks that come with the package learned from, and how.
CONTROLS ?= 40
TUMOURS ?= 120
COHORT_SEED ?= 1
COHORT ?= build/cohort
TVAE_FLAGS ?= --inputs 0 1 2 --target 3 --validation-share 0.1 --kl-weight 1e-6 --half-precision
STVAE_FLAGS ?= --inputs 0 1 2 --target 3 --validation-share 0.06 --loose 0.25 --minutes 60 --half-precision
# The classifiers learn from animals of varied scanners and tumours.
LESION_COHORT ?= --controls 160 --tumours 320 --variety wide
# Of the shipped ones each took four minutes on a GPU: 52 epochs of single weeks, 25 of weeks together.
LESION_FLAGS ?= --validation-share 0.15 --fine --looks 3 --look-strength 1 --batch 16 --slices 24
SLICE_FLAGS ?= --validation-share 0.15 --batch 16 --slices 1 --epochs 60 --patience 60
CHECKPOINTS ?= src/napari_bonemet/checkpoints
BONEMET := $(BIN)/napari-bonemet

checkpoints: $(VENV)/.app  ## The networks that come with the package, again from nothing (hours)
	$(BONEMET) cohort --controls $(CONTROLS) --tumours $(TUMOURS) --seed $(COHORT_SEED) --format zarr --out $(COHORT) --overwrite
	$(BONEMET) train --network tvae-gate --data $(COHORT)/Regist-CT $(TVAE_FLAGS) --change --epochs 15 --out $(CHECKPOINTS)/tvae-gate.safetensors --overwrite
	$(BONEMET) train --network tvae --data $(COHORT)/Regist-CT $(TVAE_FLAGS) --no-change --epochs 20 --out $(CHECKPOINTS)/tvae.safetensors --overwrite
	$(BONEMET) cohort --controls 100 --tumours 300 --seed $(COHORT_SEED) --format zarr --out $(COHORT)-400 --overwrite
	$(BONEMET) train --network stvae --data $(COHORT)-400/Regist-CT $(STVAE_FLAGS) --out $(CHECKPOINTS)/stvae.safetensors --overwrite
	$(BONEMET) cohort $(LESION_COHORT) --seed $(COHORT_SEED) --format zarr --out $(COHORT)-wide --overwrite
	$(BONEMET) train --network lesion-slices --data $(COHORT)-wide/Regist-CT $(LESION_FLAGS) --epochs 52 --patience 52 --out $(CHECKPOINTS)/lesion-slices.safetensors --overwrite
	$(BIN)/python benchmarks/diagnosis.py --record
	$(BONEMET) train --network lesion-weeks --data $(COHORT)-wide/Regist-CT $(LESION_FLAGS) --epochs 25 --patience 25 --out $(CHECKPOINTS)/lesion-weeks.safetensors --overwrite
	$(BONEMET) train --network lesion-slices --data $(COHORT)-wide/Regist-CT $(SLICE_FLAGS) --out build/slice-by-slice.safetensors --overwrite
	$(BIN)/python benchmarks/diagnosis_shifted.py --single build/slice-by-slice.safetensors --page docs/reference/diagnosis-benchmark.md
	$(BIN)/python benchmarks/bone_quality.py --rows "Final model" --seeds 1 --ship $(CHECKPOINTS)/bone-quality.safetensors
	$(BIN)/python benchmarks/response.py --train --record --checkpoint $(CHECKPOINTS)/response.safetensors

clean:  ## Remove everything that was made
	rm -rf $(VENV) demo-output docs/_build build dist
