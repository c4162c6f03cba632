# Two commands matter: `make demo` reads drawn films (or FILM=path), `make test` runs every test.
PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml setup.py MANIFEST.in README.md requirements/build.txt $(shell find lennox models -type f -not -path '*/__pycache__/*' -not -name '*.so')

.PHONY: check known-faults sbom site tables offline-bundle check-offline-bundle lock check-dist tutorials viewer pictures records demo fuzz test test-training test-checked test-sanitized lint bench clean

define kernel_copy
	$(BIN)/python -m pip install --quiet setuptools Cython "$$(ls .venv/wheel/*.whl)[test]"
	rm -rf .venv/$(1) && mkdir .venv/$(1) && git archive HEAD | tar x -C .venv/$(1)
endef

.venv/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

# The versions and digests of requirements/$(1).txt, or where they are not to be had, what is: said aloud, since figures and bytes may differ.
define install_locked
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/$(1).txt || { \
		printf '\n%s\n\n' "WARNING: requirements/$(1).txt CANNOT BE INSTALLED HERE; the newest versions are used instead. Run 'make lock'." >&2; \
		$(BIN)/python -m pip install --quiet $(2); }
endef

# One wheel, built once, from the sdist: what is tested is what would be installed.
.venv/lennox: .venv/python tools/build_dist.py $(SOURCES)
	rm -rf .venv/wheel
	$(call install_locked,build,-r requirements/build.in)
	$(BIN)/python tools/build_dist.py .venv/wheel
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps .venv/wheel/*.whl
	$(BIN)/python -m pip install --quiet .venv/wheel/*.whl
	@touch $@

# What tests, lint, types and the site run with. Before .venv/lennox, which then finds what it needs.
.venv/locked: .venv/python requirements/dev.txt requirements/build.txt
	$(call install_locked,dev,".[test$(comma)lint$(comma)docs]")
	@touch $@
comma := ,

# Both again, with the newest versions that pyproject.toml allows, for every system and Python that it names. PyTorch is not
# among them: its wheel for processors alone has other digests than the one with gigabytes for graphics cards.
LOCK := .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock:
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet uv
	$(LOCK) --upgrade --output-file requirements/build.txt requirements/build.in
	$(LOCK) --upgrade --extra test --extra lint --extra docs --constraint requirements/build.txt --output-file requirements/dev.txt pyproject.toml requirements/build.in
	$(LOCK) --upgrade --extra desk --extra pacs --extra watch --constraint requirements/dev.txt --output-file requirements/clinic.txt pyproject.toml
	$(LOCK) --upgrade --constraint requirements/dev.txt --output-file requirements/release.txt requirements/release.in

# Known faults of what is locked (the other locks are parts of this one); where the data cannot be reached, that is said.
known-faults: .venv/python
	test -x .venv/audit/bin/pip-audit || { $(PYTHON) -m venv .venv/audit && .venv/audit/bin/python -m pip install --quiet pip-audit; }
	$(BIN)/python tools/audit_locks.py .venv/audit/bin/pip-audit requirements/dev.txt

# The sdist and the wheel once more, in another folder, language and umask: not a byte may differ.
check-dist: .venv/lennox
	$(BIN)/python tools/build_dist.py .venv/again --against .venv/wheel

# A folder for a USB stick, in dist/. Of another system (PLATFORM=win_amd64 PYTHON_VERSION=3.12) with a wheel that was built there (WHEEL=...).
offline-bundle: .venv/lennox
	$(call install_locked,release,-r requirements/release.in)
	rm -rf .venv/offline && $(BIN)/python tools/offline_bundle.py .venv/offline $(if $(PLATFORM),--platform $(PLATFORM) $(if $(WHEEL),--wheel $(WHEEL)),--wheel .venv/wheel/*.whl) $(if $(PYTHON_VERSION),--python $(PYTHON_VERSION))
	mkdir -p dist && rm -rf dist/offline$(addprefix -,$(PLATFORM)) && mv .venv/offline dist/offline$(addprefix -,$(PLATFORM))

# The parts of that folder with their digests and licences, as CycloneDX and as a table.
sbom: offline-bundle
	cp dist/offline$(addprefix -,$(PLATFORM))/sbom.cdx.json dist/offline$(addprefix -,$(PLATFORM))/LICENCES.txt dist/

# Installs from it where there is no network, and reads a film.
check-offline-bundle: offline-bundle
	sh tools/check_offline_bundle.sh dist/offline

# No audit has passed for the model that comes with lennox, so it is not released: the demo answers for it, for today.
UNRELEASED := --unreleased --who demo --why "make demo" --until $(shell date +%F)

demo: .venv/lennox
ifdef FILM
	test -e "$(FILM)"  # before the last report goes
	rm -rf demo/report
	$(BIN)/lennox diagnose "$(FILM)" --format html --overlay --out demo/report $(UNRELEASED)
else
	rm -rf demo
	$(BIN)/lennox phantom --out demo/films --count 6 --seed 7
	$(BIN)/lennox diagnose demo/films --format html --overlay --out demo/report $(UNRELEASED)
endif
	@echo "Open demo/report/report.html in a browser."

# For contributors, in their own environment (CONTRIBUTING.md): lint, types and the tests that do not take long.
check:
	@test -x $(BIN)/pytest || { echo 'Set up first, as in CONTRIBUTING.md: pip install -e ".[test,lint]"'; exit 2; }
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	@cp pyproject.toml .venv/mypy.toml; $(BIN)/python -c "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))" || { \
		echo "PyTorch is not installed: the types of lennox.training are left to make lint"; \
		printf '\n[[tool.mypy.overrides]]\nmodule = ["lennox.training.*"]\nignore_errors = true\n' >> .venv/mypy.toml; }
	$(BIN)/python -m mypy --config-file .venv/mypy.toml
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --quick -q -n logical --dist loadfile

test: .venv/locked .venv/lennox
	$(BIN)/python -m pip install --quiet "$$(ls .venv/wheel/*.whl)[test]"
	$(BIN)/pytest -n logical --dist loadfile

test-training: .venv/locked .venv/lennox
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "$$(ls .venv/wheel/*.whl)[test,train]"
	$(BIN)/pytest -n logical --dist loadfile tests/training

# The kernels' tests once more, in a copy built with bounds checks on; see docs/contributor/kernels.md.
test-checked: .venv/locked .venv/lennox
	$(call kernel_copy,checked)
	cd .venv/checked && LENNOX_CHECKED_KERNELS=1 ../bin/python setup.py -q build_ext --inplace
	cd .venv/checked && PYTHONPATH=. ../bin/python -c "from lennox._core import window; assert window.CHECKED"
	cd .venv/checked && PYTHONPATH=. ../bin/python -m pytest -q -n logical --dist loadfile tests/_core

# And in one built with AddressSanitizer and UndefinedBehaviorSanitizer, which stop at their first report.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g
test-sanitized: .venv/lennox
	$(call kernel_copy,sanitized)
	cd .venv/sanitized && CFLAGS="$(SANITIZE)" LDFLAGS="$(SANITIZE)" ../bin/python setup.py -q build_ext --inplace
	cd .venv/sanitized && PYTHONPATH=. LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 ../bin/python -m pytest -q -p no:cacheprovider tests/_core \
		--ignore tests/_core/test_other_processors.py

# The types of lennox.training are those of PyTorch, so it is installed here too.
lint: .venv/locked .venv/lennox
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "$$(ls .venv/wheel/*.whl)[lint,test,train]"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Every ratio beside its peers, into benchmarks/results; see docs/contributor/performance.md.
bench: .venv/lennox
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "$$(ls .venv/wheel/*.whl)[bench]"
	$(BIN)/python benchmarks/run.py

# The audits of record again, from films and predictions that are not in the project: see audits/README.md.
DATA ?= ../shared/data
records: .venv/lennox
	$(BIN)/python -m pip install --quiet "$$(ls .venv/wheel/*.whl)[audit]"
	$(BIN)/python audits/make_records.py $(DATA)

# Each door for so many minutes, with atheris; see docs/contributor/security.md.
MINUTES ?= 1
fuzz: .venv/lennox
	$(BIN)/python -m pip install --quiet "atheris>=3" "$$(ls .venv/wheel/*.whl)[audit,test]"
	mkdir -p .venv/fuzz
	for name in raster dicom onnx card policy statement trust audit cases parquet coco use database record catalogue; do \
		$(BIN)/python tests/fuzz/fuzz.py $$name .venv/fuzz/$$name -max_total_time=$$((60 * $(MINUTES))) || exit 1; done

# The documentation as a site for the browser, without a network: site/index.html. Its English is looked at first; warnings
# and dead links are errors.
site: .venv/locked .venv/lennox
	$(BIN)/python -m pip install --quiet "$$(ls .venv/wheel/*.whl)[docs]"
	$(BIN)/python docs/site/prose.py
	$(BIN)/python docs/site/build.py

# The pictures of the pages, from drawn films and records alone.
pictures: .venv/lennox
	for name in desk_picture report_picture marks_pictures community_pictures; do $(BIN)/python docs/images/$$name.py || exit 1; done

# The tables of the pages that hold figures of the card, the records and a plan.
tables: .venv/lennox
	$(BIN)/python docs/tables.py

# The tutorials run again from the top, in place; their outputs are what the site shows.
tutorials: .venv/lennox
	$(BIN)/python -m pip install --quiet "torch==2.13.0" "$$(ls .venv/wheel/*.whl)[test]"
	cd docs/tutorials && PATH="$(CURDIR)/$(BIN):$$PATH" DATA=$(abspath $(DATA)) $(CURDIR)/$(BIN)/jupyter-execute --inplace --NotebookClient.record_timing=False *.ipynb

# The viewer library again, from its package; nothing else of it is used. `npm pack` fetches it, the digest says that it is the same.
OPENSEADRAGON := 6.1.1
OPENSEADRAGON_SHA512 := 83888a7b6abc07ae3649a053dfec78645dfff1bd53c4f3f27728e6b6b38b803ae561630a77d65733ed426ffc5af435724a4becffb97a1d1d671ca7c3e45dd3b3
viewer:
	rm -rf .venv/viewer && mkdir -p .venv/viewer && cd .venv/viewer && npm pack --silent openseadragon@$(OPENSEADRAGON)
	cd .venv/viewer && echo "$(OPENSEADRAGON_SHA512)  openseadragon-$(OPENSEADRAGON).tgz" | sha512sum --check && tar xzf *.tgz
	cp .venv/viewer/package/build/openseadragon/openseadragon.min.js lennox/report/viewer/
	cp .venv/viewer/package/LICENSE.txt lennox/report/viewer/openseadragon.LICENSE.txt

clean:
	rm -rf .venv build dist demo *.egg-info
