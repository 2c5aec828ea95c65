// tests/embedded/cortex_m.cpp: what starts a program on a Cortex-M, and its exits into an emulator (semihosting).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
int main();

namespace {
int call(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
}  // namespace

void print(const char* text) { call(0x04, text); }  // SYS_WRITE0
[[noreturn]] void stop(bool passed) {
  call(0x18, reinterpret_cast<void*>(passed ? 0x20026 : 0x20023));  // SYS_EXIT: application exit, run-time error
  for (;;) {
  }
}

extern "C" {
extern unsigned stack_top, data_begin, data_end, data_image, bss_begin, bss_end;
[[noreturn]] void reset() {
  *reinterpret_cast<volatile unsigned*>(0xe000ed88) |= 0xfu << 20;  // CPACR: the floating-point unit
  __asm__ volatile("dsb\n isb");
  const unsigned* from = &data_image;
  for (unsigned* to = &data_begin; to < &data_end;) *to++ = *from++;
  for (unsigned* to = &bss_begin; to < &bss_end;) *to++ = 0;
  stop(main() == 0);
}
[[noreturn]] void fault() {
  print("FAILED: a fault of the processor\n");
  stop(false);
}
[[gnu::section(".vectors"), gnu::used]] const void* const vectors[] = {&stack_top,
                                                                       reinterpret_cast<const void*>(reset),
                                                                       reinterpret_cast<const void*>(fault),
                                                                       reinterpret_cast<const void*>(fault),
                                                                       reinterpret_cast<const void*>(fault),
                                                                       reinterpret_cast<const void*>(fault),
                                                                       reinterpret_cast<const void*>(fault)};
}
