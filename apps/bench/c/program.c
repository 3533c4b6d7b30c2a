/*
 * The heap package's C test program as a function, which returns the checksum instead of printing it. It is called once in a process or an
 * instance: it leaves its static variables as they are at its end. Built natively and for wasm32.
 */
#include <stdint.h>
#include <stdio.h>

static uint32_t checksum;

#define main program_main
#define printf(format, value) (checksum = (value))
#ifndef __wasm__
/* It grows a memory only when asked to. */
#define __builtin_wasm_memory_grow(memory, pages) ((size_t)-1)
#endif
#include "../../../packages/heap/test/c/program.c"

uint32_t run_program(void) {
  program_main(1, 0);
  return checksum;
}
