/* SPDX-License-Identifier: ISC */
/* common/base/fatal.h - the two ways in which a process ends itself.
 *
 * fatal: the world is broken (disk gone, out of memory).  panic: we are
 * wrong (a phase that cannot be).  Both write one log line and exit: fatal
 * with EX_OSERR (71) after the text, panic with EX_SOFTWARE (70).  posternd
 * starts the process again; queue's mail is safe on disk.
 */
#ifndef COMMON_BASE_FATAL_H
#define COMMON_BASE_FATAL_H

/* "%m" is understood and printed from errno. */
_Noreturn void fatal(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));
/* As fatal, with another exit code of sysexits(3). */
_Noreturn void fatal_code(int, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
_Noreturn void panic_at(const char *, int, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)

#endif
