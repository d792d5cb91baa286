# scratchpack: GNU make, one file, everything is built under build/.
# `make help` lists the targets.  What can be set, on the command line or in the
# environment:
#
#   CC CFLAGS CPPFLAGS LDFLAGS AR PKG_CONFIG   as everywhere; yours come last and win
#   SAN=address,undefined                      sanitizers, in a folder of their own
#   DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR   where install puts things
#   V=1                                        show commands, and each test by name
#   JOBS=3                                     how many tests run at the same time

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man

CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
PROVE      ?= prove
# One more than processors: some tests wait for what is slow on purpose.
JOBS       ?= $(shell echo $$(($$(nproc) + 1)))

VERSION := $(shell sed -n 's/^.define SCRATCHPACK_VERSION "\(.*\)"/\1/p' include/scratchpack.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

comma := ,
BUILD := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))

# --- sources: adding a file is adding a file ------------------------------------

# The library, from the bottom to the top; cli is the command written on it.
LAYERS  := base elf loader rootfs image transport trace dockerfile api
LIB_SRC := $(wildcard $(LAYERS:%=src/%/*.c))
CLI_SRC := $(wildcard src/cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/%.o)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
REPLAY_BIN := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(BUILD)/tests/fuzz/replay_%)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)
BENCH_BIN := $(BUILD)/tests/bench/trace_bench
TEST_OBJ := $(UNIT_BIN:=.o) $(FUZZ_BIN:=.o) $(BUILD)/tests/fuzz/replay.o $(BENCH_BIN:=.o)

COMMAND := $(BUILD)/scratchpack
STATIC  := $(BUILD)/libscratchpack.a
SONAME  := libscratchpack.so.$(SOVERSION)
SHARED  := $(BUILD)/libscratchpack.so.$(VERSION)
PKGFILE := $(BUILD)/scratchpack.pc

# --- flags ----------------------------------------------------------------------

# libcurl is opened at run time, by the one file that needs it: its headers alone.
DEPS        := libelf zlib libdeflate libzstd libcrypto libcjson
HEADER_DEPS := libcurl

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wpointer-arith \
	-Wundef -Wvla -Wformat=2

# Fortified functions hide errors from the sanitizers, and need an optimiser.
FORTIFY = $(if $(SAN)$(findstring -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
SANITIZE = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)

SP_CPPFLAGS := -Iinclude -Isrc -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(FORTIFY)
# Hidden by default: the shared library exports what is marked SP_API.  Position-
# independent: one object serves the command, the static and the shared library.
SP_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -fstack-protector-strong -pthread \
	$(WARNINGS) $(SANITIZE)
SP_LDFLAGS := -pthread -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(SANITIZE)

# pkg-config is not asked for targets that build nothing.
ifneq ($(if $(MAKECMDGOALS),$(filter-out clean help uninstall,$(MAKECMDGOALS)),all),)
SP_CFLAGS += $(shell $(PKG_CONFIG) --cflags --print-errors $(DEPS) $(HEADER_DEPS))
ifneq ($(.SHELLSTATUS),0)
$(error libraries for building are missing: run ./bootstrap first)
endif
SP_LIBS := $(shell $(PKG_CONFIG) --libs $(DEPS)) -ldl
endif

Q    := $(if $(V),,@)
say   = $(if $(V),@:,@printf '  %-5s %s\n' $(1) $@)
EXE   = $(CC) $(SP_CFLAGS) $(CFLAGS) -pie $(SP_LDFLAGS) $(LDFLAGS) -o $@
quote = '$(subst ','\'',$(1))'
# Write text to a file, unless that is what it holds already.
note  = @mkdir -p $(@D); printf '%s\n' $(call quote,$(1)) | cmp -s - $@ || \
	printf '%s\n' $(call quote,$(1)) > $@

# --- building -------------------------------------------------------------------

all: $(COMMAND) $(STATIC) $(SHARED) $(PKGFILE)

# Two stamps, so that a changed flag recompiles, and a deleted source file leaves
# the libraries.
$(BUILD)/.flags: FORCE
	$(call note,$(CC) $(SP_CPPFLAGS) $(CPPFLAGS) $(SP_CFLAGS) $(CFLAGS) $(SP_LDFLAGS) $(LDFLAGS))

$(BUILD)/.sources: FORCE
	$(call note,$(VERSION) $(LIB_SRC) $(CLI_SRC))

# The versions that decide compressed bytes, for `scratchpack version`.
$(BUILD)/src/image/compress.o: SP_CPPFLAGS += \
	-DSP_COMPRESS_VERSIONS='"libdeflate/$(shell $(PKG_CONFIG) --modversion libdeflate) zstd/$(shell $(PKG_CONFIG) --modversion libzstd)"'

$(BUILD)/%.o: %.c $(BUILD)/.flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SP_CPPFLAGS) $(TEST_CPPFLAGS) $(CPPFLAGS) $(SP_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(TEST_OBJ): TEST_CPPFLAGS = -Itests/unit

$(STATIC): $(LIB_OBJ) $(BUILD)/.sources
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

# The sanitizers' run-time symbols are met by the program, not by the library.
$(SHARED): $(LIB_OBJ) $(BUILD)/.sources
	$(call say,LINK)
	$(Q)$(CC) $(SP_CFLAGS) $(CFLAGS) -shared -Wl,-soname,$(SONAME) $(if $(SAN),,-Wl,-z,defs) \
		$(SP_LDFLAGS) $(LDFLAGS) -o $@ $(LIB_OBJ) $(SP_LIBS)
	$(Q)ln -sf $(@F) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $(BUILD)/libscratchpack.so

# The command holds the library, so that it starts fast and runs from anywhere.
$(COMMAND): $(CLI_OBJ) $(STATIC)
	$(call say,LINK)
	$(Q)$(EXE) $(CLI_OBJ) $(STATIC) $(SP_LIBS)

$(PKGFILE): scratchpack.pc.in $(BUILD)/.pkg
	$(call say,GEN)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@DEPS@|$(DEPS)|' $< > $@

$(BUILD)/.pkg: FORCE
	$(call note,$(PREFIX) $(LIBDIR) $(INCLUDEDIR) $(VERSION) $(DEPS))

# The built command describes itself.
DOCS := $(addprefix $(BUILD)/doc/,scratchpack.1 scratchpack.bash _scratchpack scratchpack.fish)
$(BUILD)/doc/scratchpack.1:    DOC_ARGS = help man
$(BUILD)/doc/scratchpack.bash: DOC_ARGS = completion bash
$(BUILD)/doc/_scratchpack:     DOC_ARGS = completion zsh
$(BUILD)/doc/scratchpack.fish: DOC_ARGS = completion fish
$(DOCS): $(COMMAND)
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)$(COMMAND) $(DOC_ARGS) > $@.tmp && mv $@.tmp $@
docs: $(DOCS)

# --- installing -----------------------------------------------------------------

INSTALLED = $(BINDIR)/scratchpack $(INCLUDEDIR)/scratchpack.h \
	$(LIBDIR)/libscratchpack.a $(LIBDIR)/libscratchpack.so.$(VERSION) \
	$(LIBDIR)/$(SONAME) $(LIBDIR)/libscratchpack.so $(LIBDIR)/pkgconfig/scratchpack.pc \
	$(MANDIR)/man1/scratchpack.1 \
	$(DATADIR)/bash-completion/completions/scratchpack \
	$(DATADIR)/zsh/site-functions/_scratchpack \
	$(DATADIR)/fish/vendor_completions.d/scratchpack.fish

install: all $(DOCS)
	install -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	install -m 755 $(COMMAND) $(DESTDIR)$(BINDIR)/scratchpack
	install -m 644 include/scratchpack.h $(DESTDIR)$(INCLUDEDIR)/
	install -m 644 $(STATIC) $(SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf libscratchpack.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libscratchpack.so
	install -m 644 $(PKGFILE) $(DESTDIR)$(LIBDIR)/pkgconfig/
	install -m 644 $(BUILD)/doc/scratchpack.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(BUILD)/doc/scratchpack.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/scratchpack
	install -m 644 $(BUILD)/doc/_scratchpack $(DESTDIR)$(DATADIR)/zsh/site-functions/
	install -m 644 $(BUILD)/doc/scratchpack.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))

# --- testing --------------------------------------------------------------------

# What tests/lib.sh tells the tests; $(TESTENV) prove ... runs one by hand.
# Go's own packages are compiled once for all tests that need them.
TESTENV = SCRATCHPACK=$(CURDIR)/$(COMMAND) BUILD=$(CURDIR)/$(BUILD) TOP=$(CURDIR) \
	GOCACHE=$(CURDIR)/build/go-cache $(PYTHON_PATH)
# Where python3 is a shell script of pyenv's, which takes ten times as long to start as
# Python itself: Python itself, first in PATH.
PYTHON_PATH = $(shell python3 -c 'import os, shlex, shutil, sys; python, path = sys.executable, sys.argv[1]; \
	print("" if shutil.which("python3", path=path) == python else \
	"PATH=" + shlex.quote(os.path.dirname(python) + ":" + path))' "$$PATH" 2>/dev/null)
RUN_TESTS = $(Q)$(TESTENV) $(PROVE) $(if $(V),-v) --timer --exec '' -j$(JOBS)
# The slowest first, so that at the end no processor waits for one of them.
SLOW_TESTS := $(addprefix tests/cli/,$(addsuffix .sh,needs registry_hosts hostile faults verify_start \
	registry_signals signals pack_basic named from registry_faults verify lint diagnoses))
CLI_TESTS := $(SLOW_TESTS) $(filter-out $(SLOW_TESTS),$(sort $(wildcard tests/cli/*.sh)))
MAKE_TESTS := $(sort $(wildcard tests/make/*.sh))
ENGINE_TESTS := $(sort $(filter-out %/lib.sh,$(wildcard tests/engines/*.sh)))

$(UNIT_BIN) $(BENCH_BIN): $(BUILD)/%: $(BUILD)/%.o $(STATIC)
	$(call say,LINK)
	$(Q)$(EXE) $< $(STATIC) $(SP_LIBS)

check: lint all $(DOCS) $(UNIT_BIN) $(REPLAY_BIN)
	$(RUN_TESTS) $(CLI_TESTS) $(if $(REPLAY_BIN),tests/fuzz/replay.sh) $(MAKE_TESTS) $(UNIT_BIN)

check-unit: $(UNIT_BIN) $(REPLAY_BIN)
	$(RUN_TESTS) $(UNIT_BIN) $(if $(REPLAY_BIN),tests/fuzz/replay.sh)

check-cli: all $(DOCS)
	$(RUN_TESTS) $(CLI_TESTS) $(MAKE_TESTS)

# Every hostile image through every reader.
check-hostile: all
	$(Q)HOSTILE_ALL=1 $(TESTENV) $(PROVE) $(if $(V),-v) --timer --exec '' tests/cli/hostile.sh

# One at a time: engines are heavy, and share cgroups and the network.
check-engines: JOBS = 1
check-engines: all
	$(RUN_TESTS) $(ENGINE_TESTS)

# A real registry, and what others make of what we push to it.
check-registry: JOBS = 1
check-registry: all
	$(RUN_TESTS) tests/registry/real_registry.sh

# Every program of this machine, and random ones, against the real loaders.
ORACLE_TESTS := tests/oracle/real_loader.py tests/oracle/random_layouts.py
check-oracle: JOBS = 1
check-oracle: all
	$(RUN_TESTS) $(ORACLE_TESTS)

# Dockerfiles, built by a real dockerd and by us; needs root.
check-dockerfile: JOBS = 1
check-dockerfile: all
	$(RUN_TESTS) $(sort $(filter-out %/lib.sh,$(wildcard tests/dockerfile/*.sh)))

# Programs for other machines, from sysroots; needs root for chroot.
check-cross: all
	$(RUN_TESTS) $(wildcard tests/cross/*.sh)

# Programs of Debian in containers, compared with this machine; ONLY=REGEX picks some.
# tests/corpus/run.sh leaves the table in $(BUILD)/corpus.md.
check-corpus: all
	$(Q)ONLY='$(ONLY)' $(TESTENV) tests/corpus/run.sh

# Fat images of Debian trees, shrunk and run; needs root for the engine.
check-from: JOBS = 1
check-from: all
	$(RUN_TESTS) $(wildcard tests/from/*.sh)

bench: all $(BENCH_BIN)
	$(Q)$(TESTENV) tests/bench/run.sh

# The inputs of fuzz targets are made by the tests; replaying them needs no fuzzer.
$(REPLAY_BIN): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/replay.o $(STATIC)
	$(call say,LINK)
	$(Q)$(EXE) $(filter %.o,$^) $(STATIC) $(SP_LIBS)

FUZZ_SECONDS ?= 20
fuzz:
	$(Q)$(MAKE) --no-print-directory CC=clang BUILD=build/fuzz \
		SAN=fuzzer-no-link,address,undefined FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run

fuzz-run: $(FUZZ_BIN)
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh $(FUZZ_BIN)

$(FUZZ_BIN): $(BUILD)/%: $(BUILD)/%.o $(STATIC)
	$(call say,LINK)
	$(Q)$(EXE) -fsanitize=fuzzer $< $(STATIC) $(SP_LIBS)

# --- looking at the code --------------------------------------------------------

SOURCES := $(LIB_SRC) $(CLI_SRC)
CHECK_FLAGS = $(SP_CPPFLAGS) $(filter-out -f% -pthread,$(SP_CFLAGS))

lint: $(STATIC) $(SHARED)
	$(Q)scripts/lint.sh $(STATIC) $(SHARED)

# Everything, with both compilers, at the level where the optimiser sees most.
warnings:
	$(Q)for cc in gcc clang; do \
		$(MAKE) --no-print-directory CC=$$cc BUILD=build/warnings-$$cc \
			CFLAGS='-O2 -Werror' compile || exit 1; \
	done
	$(Q)printf '#include "scratchpack.h"\nint main() { return 0; }\n' | \
		$(CXX) -Iinclude -Wall -Wextra -Werror -std=c++11 -fsyntax-only -x c++ -

compile: all $(UNIT_BIN) $(REPLAY_BIN)

tidy:
	$(Q)clang-tidy --quiet $(SOURCES) -- $(CHECK_FLAGS)

cppcheck:
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --library=gnu \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		-Iinclude -Isrc -D_GNU_SOURCE -D__GNUC__ $(SOURCES)

# gcc's analyzer follows paths that the compiler does not; some that nobody can take,
# so it is for reading.
analyze:
	$(Q)for f in $(SOURCES); do $(CC) $(CHECK_FLAGS) -O1 -fanalyzer -c -o /dev/null $$f; done

# --- trying ---------------------------------------------------------------------

demo: all
	$(Q)scripts/demo.sh $(COMMAND)

samples:
	$(Q)$(MAKE) --no-print-directory -C samples

clean:
	rm -rf build

help:
	@echo 'build     all (default) docs samples install uninstall clean'
	@echo 'look      demo'
	@echo 'test      check check-unit check-cli check-engines check-registry check-hostile'
	@echo '          check-oracle check-cross'
	@echo '          check-corpus check-dockerfile check-from fuzz bench'
	@echo 'inspect   lint warnings tidy cppcheck analyze'
	@echo 'settings  CC= CFLAGS= SAN=address,undefined PREFIX= DESTDIR= V=1 JOBS= FUZZ_SECONDS='

FORCE:
.PHONY: all docs install uninstall check check-unit check-cli check-engines check-registry \
	check-hostile check-oracle \
	check-cross check-corpus check-dockerfile check-from bench fuzz fuzz-run \
	lint warnings compile tidy cppcheck analyze demo samples clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_OBJ:.o=.d)
