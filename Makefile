# postern: one Makefile for GNU and BSD make.
#
#   make            all programs          make install   PREFIX, DESTDIR
#   make demo       see it relay          make check     every test
#   make quick      build, unit tests, style and layers
#   make help       the other targets
#
# BUILD names the folder of objects, so that sanitizer builds stand beside.

BUILD = build
SANDBOX = none
include config.mk

CC = $(CONFIG_CC)
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wswitch-enum -Wvla -Wconversion -Wimplicit-fallthrough
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LINK = -pie -Wl,-z,relro,-z,now
EXTRA_CFLAGS =
PATHS = -DPOSTERN_CONF='"$(SYSCONFDIR)/postern/postern.conf"' \
	-DPOSTERN_LIBEXEC='"$(PREFIX)/libexec/postern"' \
	-DPOSTERN_SPOOL='"$(LOCALSTATEDIR)/spool/postern"' \
	-DPOSTERN_RUN='"$(RUNDIR)/postern"'
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -I. -MMD -MP $(WARNINGS) $(HARDEN) \
	$(CONFIG_CFLAGS) $(DEP_CFLAGS) $(PATHS) $(EXTRA_CFLAGS)
ARCHIVE = ar crs
LINK = $(CC) $(CONFIG_CFLAGS) $(EXTRA_CFLAGS) $(HARDEN_LINK) \
	-Wl,--as-needed $(CONFIG_LDFLAGS)

RULES_MADE != sh mk/rules.sh $(BUILD) $(SANDBOX)

all: programs

include $(BUILD)/rules.mk

programs: $(PROGRAMS)

tests-built: $(PROGRAMS) $(TEST_TOOLS) $(UNIT_TESTS)

config.mk:
	./configure

# BENCH: options of tests/bench/bench.py (see tests/bench/README).
BENCH =
bench: tests-built
	/usr/bin/python3 tests/bench/bench.py $(BENCH)

.PHONY: bench
