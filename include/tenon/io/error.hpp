// tenon/io/error.hpp: the errors of reading and writing files, and how text out of a file is quoted in them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file that cannot be opened, read or written is an io_error; a file whose contents break its format is a
// format_error, which is an io_error too. Messages name the file, the place in it and what is wrong. Names that come
// from the file go through in_quotes(), so that a hostile one cannot flood or steer a terminal.
// Example: try { load(net, "digits.safetensors"); } catch (const io::io_error& e) { std::puts(e.what()); }
#pragma once
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace io {

/// Thrown when a file cannot be opened, read or written.
class io_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Thrown when the contents of a file break its format, or ask for something the format does not allow.
class format_error : public io_error {
 public:
  using io_error::io_error;
};

/// Throws `Error` with a message formatted as by printf; in builds without exceptions prints the message and aborts.
template <class Error>
[[noreturn, gnu::noinline, gnu::cold, gnu::format(printf, 1, 2)]] void fail(const char* format, ...) {
  char message[1024];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
#if TENON_THROWS
  throw Error(message);
#else
  std::fprintf(stderr, "tenon: %s\n", message);
  std::abort();
#endif
}

// Not named `quoted`: with <iomanip> included, std::quoted would be found for a std::string and win.
/// The text in single quotes, without control characters and cut to at most 80 bytes, for use in messages.
[[gnu::noinline, gnu::cold]] inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string out = "'";
  for (std::size_t i = 0; i < text.size() && i < longest; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto before = static_cast<unsigned char>(i > 0 ? text[i - 1] : 0);
    const auto after = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    // U+0080 to U+009F are control characters, too: c2 80 to c2 9f.
    const bool c1 = (byte == 0xc2 && after < 0xa0) || (before == 0xc2 && byte < 0xa0);
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      out += text[i];
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte));
      out += escape;
    }
  }
  // A cut may fall inside a multi-byte character: leave out what remains of it.
  if (text.size() > longest) {
    std::size_t end = out.size();
    while (end > 1 && (static_cast<unsigned char>(out[end - 1]) & 0xc0) == 0x80) --end;
    if (end > 1 && static_cast<unsigned char>(out[end - 1]) >= 0xc0) --end;
    out.resize(end);
    out += "...";
  }
  out += "'";
  return out;
}

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
