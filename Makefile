# postern: one Makefile for GNU and BSD make.
#
#   make            all programs (./configure first, if that was not done)
#   make demo       installs what is missing, builds, relays a message
#   make check      installs what is missing, builds, runs every test
#   make proof      the same tests with full counts; T=NAME for one part
#   make quick      build, unit tests, style and layers
#   make fuzz F=mailbox T=60    libFuzzer on one target, seconds (clang)
#   make corpus                  every target over its corpus, with any compiler
#   make bench      the same load through postern and Postfix
#   make install    PREFIX, DESTDIR; makes the accounts if DESTDIR is empty
#   make deps       the packages that building and testing need
#   make asan       check with address and undefined-behaviour sanitizers
#   make lint       cppcheck, mandoc, shellcheck
#   make format     clang-format in place; format-check only looks
#   make headers    every header compiles alone
#   make ipc        the messages between processes, for ARCHITECTURE.md
#   make rights     a suite is started; accounts, roots, filters, descriptors
#
# BUILD names the folder of objects, so that sanitizer builds stand beside.

BUILD = build
SANDBOX = none
IDN2_LIBS = -lidn2
-include config.mk

CC = $(CONFIG_CC)
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wswitch-enum -Wvla -Wconversion -Wimplicit-fallthrough
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LINK = -pie -Wl,-z,relro,-z,now
EXTRA_CFLAGS =
# whom a next hop's certificate may come from, unless "tls ca" says so
CA_FILE = /etc/ssl/certs/ca-certificates.crt
# for the few sources that name one (mk/rules.sh): other paths, little to build
PATHS = -DPOSTERN_CONF='"$(SYSCONFDIR)/postern/postern.conf"' \
	-DPOSTERN_CA='"$(CA_FILE)"' \
	-DPOSTERN_PASSWORDS='"$(SYSCONFDIR)/postern/passwd"' \
	-DPOSTERN_LIBEXEC='"$(PREFIX)/libexec/postern"' \
	-DPOSTERN_SPOOL='"$(LOCALSTATEDIR)/spool/postern"' \
	-DPOSTERN_RUN='"$(RUNDIR)/postern"'
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -I. -MMD -MP $(WARNINGS) $(HARDEN) \
	$(CONFIG_CFLAGS) $(DEP_CFLAGS) $(EXTRA_CFLAGS)
ARCHIVE = ar crs
LINK = $(CC) $(CONFIG_CFLAGS) $(EXTRA_CFLAGS) $(HARDEN_LINK) \
	-Wl,--as-needed $(CONFIG_LDFLAGS)

RULES_MADE != sh mk/rules.sh $(BUILD) $(SANDBOX)
STAMPED != sh mk/stamp.sh $(BUILD)/stamp "$(CC) $(CONFIG_CFLAGS) $(EXTRA_CFLAGS)"
PATHS_STAMPED != sh mk/stamp.sh $(BUILD)/paths "$(PREFIX) $(SYSCONFDIR) \
	$(LOCALSTATEDIR) $(RUNDIR) $(CA_FILE)"

all:
	@test -e config.mk || ./configure
	@$(MAKE) programs

include $(BUILD)/rules.mk

programs: $(PROGRAMS)

tests-built: $(PROGRAMS) $(TEST_TOOLS) $(UNIT_TESTS) $(FUZZ_TARGETS) \
	$(MUTANTS) $(BUILD)/tests/attack.so $(BUILD)/tests/fault.so

# The tests' library that makes calls of queue fail (tests/fault).
FAULT = tests/fault/fault.c
$(BUILD)/tests/fault.so: $(FAULT) tests/fault/fault.h
	@mkdir -p $(BUILD)/tests
	$(COMPILE) -MF /dev/null -U_FORTIFY_SOURCE -fPIC -shared \
	    -o $(BUILD)/tests/fault.so $(FAULT)

# The tests' library that makes the programs attack (tests/attack).
ATTACK = tests/attack/attack.c tests/attack/acts.c
$(BUILD)/tests/attack.so: $(ATTACK) tests/attack/acts.h
	@mkdir -p $(BUILD)/tests
	$(COMPILE) -MF /dev/null -fPIC -shared -o $(BUILD)/tests/attack.so \
	    $(ATTACK) -lseccomp

attack-built: $(PROGRAMS) $(BUILD)/tests/attack.so

demo-built: $(PROGRAMS) $(BUILD)/tests/dns $(BUILD)/tests/sink

deps:
	@sh mk/deps.sh test

demo:
	@MAKE="$(MAKE)" sh tests/demo.sh

check:
	@MAKE="$(MAKE)" sh tests/check.sh check $(T)

proof:
	@MAKE="$(MAKE)" sh tests/check.sh proof $(T)

quick: tests-built
	@sh tests/check.sh quick

unit: tests-built
	@sh tests/check.sh unit

style: $(BUILD)/tests/ipc
	@sh tests/check_layers.sh
	@sh tests/check_style.sh
	@sh tests/check_docs.sh

ipc: $(BUILD)/tests/ipc
	@$(BUILD)/tests/ipc

SOURCES = common/*/*.[ch] master/*.[ch] smtpd/*.[ch] tls/*.[ch] queue/*.[ch] \
	deliver/*.[ch] resolve/*.[ch] tools/*.[ch] tests/unit/*.[ch] \
	tests/lib/*.[ch] tests/attack/*.[ch] tests/fault/*.[ch] \
	tests/fuzz/*.[ch] tests/mutants/*.c

format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run --Werror $(SOURCES)

headers:
	@printf '%s\n' common/*/*.h master/*.h smtpd/*.h tls/*.h queue/*.h \
	    deliver/*.h resolve/*.h tools/*.h | xargs -n 1 \
	    -P "$$(getconf _NPROCESSORS_ONLN)" \
	    $(COMPILE) -MF /dev/null -x c -fsyntax-only

# As root the suite has its accounts in a namespace of its own.
rights: programs
	@if [ "$$(id -u)" = 0 ]; then \
		BUILD=$(BUILD) tests/lib/in-namespace /usr/bin/python3 \
		    tests/lib/rights.py; \
	else \
		BUILD=$(BUILD) /usr/bin/python3 tests/lib/rights.py; \
	fi

lint:
	@sh tests/lint.sh

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -DPOSTERN_SANITIZER -U_FORTIFY_SOURCE

# -O1 leaves more to be looked at, and compiles in two thirds of the time.
asan:
	@$(MAKE) BUILD=build/asan EXTRA_CFLAGS="$(SANITIZE) -O1 -g1" \
	    tests-built
	@BUILD=build/asan sh tests/check.sh asan

# What calls a fuzz target: replay.c over files, or libFuzzer's main.
FUZZ_MAIN = $(BUILD)/tests/fuzz/replay.o
F = mailbox
fuzz:
	@$(MAKE) BUILD=build/fuzz CC=clang FUZZ_MAIN=-fsanitize=fuzzer \
	    EXTRA_CFLAGS="-fsanitize=fuzzer-no-link $(SANITIZE)" \
	    build/fuzz/tests/fuzz/$(F)
	@sh tests/fuzz.sh $(F) $(T)

corpus: $(FUZZ_TARGETS)
	@sh tests/check.sh corpus

LIBEXEC = $(PREFIX)/libexec/postern
install: programs
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
	    $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(SYSCONFDIR)/postern \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man8
	install -m 755 $(BUILD)/posternd $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/postern $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/sendmail $(DESTDIR)$(PREFIX)/sbin/
	ln -sf ../sbin/sendmail $(DESTDIR)$(PREFIX)/bin/mailq
	ln -sf ../sbin/sendmail $(DESTDIR)$(PREFIX)/bin/newaliases
	install -m 755 $(BUILD)/postern-smtpd $(BUILD)/postern-queue \
	    $(BUILD)/postern-report $(BUILD)/postern-deliver \
	    $(BUILD)/postern-history $(BUILD)/postern-resolve \
	    $(BUILD)/postern-lookup $(BUILD)/postern-auth \
	    $(BUILD)/postern-reader $(BUILD)/postern-tls $(DESTDIR)$(LIBEXEC)/
	install -m 644 man/*.1 $(DESTDIR)$(MANDIR)/man1/
	install -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 644 man/*.8 $(DESTDIR)$(MANDIR)/man8/
	test -e $(DESTDIR)$(SYSCONFDIR)/postern/postern.conf || \
	    install -m 644 mk/postern.conf \
	    $(DESTDIR)$(SYSCONFDIR)/postern/postern.conf
	test -n "$(DESTDIR)" || sh mk/accounts.sh

accounts:
	sh mk/accounts.sh

clean:
	rm -rf build

# BENCH: options of tests/bench/bench.py (see tests/bench/README).
BENCH =
bench: tests-built
	/usr/bin/python3 tests/bench/bench.py $(BENCH)

.PHONY: all programs tests-built deps demo check proof quick unit style format \
	format-check headers ipc rights attack-built lint asan install accounts \
	clean bench
