# A thin face over the CMake presets; `cmake --preset NAME`, `cmake --build --preset NAME` and
# `ctest --preset NAME` do the same.
.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: setup
setup:
	@tools/setup

.PHONY: demo
demo: setup  ## install what is missing, build, and ask a month of generated activity
	@tools/demo

.PHONY: test
test: setup  ## install what is missing, build with assertions, run every test
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev; outcome=$$?; python3 tools/test_report.py build/dev/tests.xml; exit $$outcome

.PHONY: dev release
dev release: setup  ## build one preset
	cmake --preset $@
	cmake --build --preset $@

.PHONY: asan tsan
asan tsan: setup  ## build with sanitizers and run every test
	cmake --preset $@
	cmake --build --preset $@
	ctest --preset $@

.PHONY: soak-queries
soak-queries: setup  ## ask the engine and a plain recount a million random questions, and a million of histories
	cmake --preset dev
	cmake --build --preset dev --target soak-queries

.PHONY: recount-soak
recount-soak: setup  ## recount real data sets in SQL, with every question that SQL takes long for
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: crash-soak
crash-soak: setup  ## kill a process 10,000 times while it works on a store, and recount after each
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: damage-soak
damage-soak: setup  ## damage 20,000 files of stores, and look what comes of it
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: fault-soak
fault-soak: setup  ## fail every call to the disk in turn, cut the power, fill the disk
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: campaign-soak
campaign-soak: setup  ## ten campaigns of a million users each within 256 MiB, and what a change of state writes
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: calls-soak
calls-soak: setup  ## fail every read, stat, open and start of a thread beneath every public call
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: hostile-soak
hostile-soak: setup  ## give one user ten million events of one instant or one hour, and ask about them
	cmake --preset dev
	cmake --build --preset dev --target hostile-soak

.PHONY: memory-soak
memory-soak: setup  ## hold the peak of every command against budgets of 32M to 1G
	cmake --preset dev
	cmake --build --preset dev --target $@

.PHONY: fuzz
fuzz: setup  ## run each fuzz target for a minute
	@tools/setup --dev
	cmake --preset fuzz
	cmake --build --preset fuzz

.PHONY: bench
bench: setup  ## build the benchmarks and run them
	cmake --preset bench
	cmake --build --preset bench
	ctest --preset bench

.PHONY: install
install: release  ## install the library and the program (PREFIX=/usr/local, DESTDIR=)
	cmake --install build/release $(if $(PREFIX),--prefix $(PREFIX))

sources = $(shell git ls-files '*.h' '*.cpp')

.PHONY: parquet
parquet: setup  ## build the plug-in that reads Parquet files, which `make install` then installs, and test it
	cmake --preset release -DROLLCALL_BUILD_PARQUET=ON
	cmake --build --preset release
	python3 bindings/parquet/plugin_test.py --build build/release

.PHONY: parquet-soak
parquet-soak: parquet  ## damage 3,000 Parquet files, and look what comes of it
	python3 bindings/parquet/plugin_test.py --build build/release --rounds 3000

.PHONY: python-test
python-test: release  ## test the Python package with pyarrow, polars, pandas, DuckDB, mypy and the notebook
	python3 bindings/python/package.py test

.PHONY: wheel
wheel: release  ## make a Python wheel for other machines, and test it in a fresh environment
	python3 bindings/python/package.py wheel

.PHONY: sdist
sdist: setup  ## put the sources of the Python package into one file, and build it outside this tree
	python3 bindings/python/package.py sdist

.PHONY: format
format:  ## format every source file
	@tools/setup --dev
	clang-format -i $(sources)

.PHONY: tidy
tidy: dev  ## check the house rules, who holds which lock, and run clang-tidy
	@tools/setup --dev
	python3 tools/tidy.py --compile-commands build/dev/compile_commands.json
	python3 tools/thread_safety.py --compile-commands build/dev/compile_commands.json || [ $$? -eq 77 ]
	mkdir -p build/tidy
	python3 tools/compile_database.py build/dev/compile_commands.json > build/tidy/compile_commands.json
	run-clang-tidy -quiet -p build/tidy '^$(CURDIR)/(core|storage|operations|tools|examples)/'

.PHONY: clean
clean:  ## remove what was built
	rm -rf build
