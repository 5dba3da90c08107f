# A thin front to CMake.  `make help` lists the targets.
BUILD ?= build
JOBS ?= $(shell nproc)
PRESET = release

.PHONY: help deps build demo test bench fuzz install clean

help:
	@echo 'make deps     install the Debian packages that are missing'
	@echo 'make build    build everything; programs go to $(BUILD)/bin'
	@echo 'make demo     reconcile a small fleet on the embedded API server (KEEP=1 leaves it up)'
	@echo 'make test     build and run all tests'
	@echo 'make bench    measure ours beside its peers'
	@echo 'make fuzz     run every fuzz target for FUZZ_SECONDS (60) each'
	@echo 'make install  install programs, library and headers under PREFIX (/usr/local)'
	@echo 'make clean    remove the build folders'

deps:
	@tools/deps

build: deps
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET) >$(BUILD).log 2>&1 || \
		{ cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@cmake --build $(BUILD) -j $(JOBS)

demo: build
	@KEEP=$(KEEP) docs/examples/demo.sh $(BUILD)/bin

test: build
	@tools/run-tests $(BUILD)

bench: build
	@tests/bench/run $(BUILD)

fuzz: deps
	@tools/run-fuzz

install: build
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

clean:
	@rm -rf build build-dev build-asan build-tsan build-fuzz
