// tenon/io/error.hpp: the errors of reading and writing files, and how text out of a file is quoted in them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file that cannot be opened, read or written is an io_error; a file whose contents break its format is a
// format_error, which is an io_error too, and a tenon::error. Messages name the file, the place in it and what is
// wrong. Names that come from the file go through in_quotes(), so that a hostile one cannot flood or steer a terminal.
// Example: try { load(net, "digits.safetensors"); } catch (const io::io_error& e) { std::puts(e.what()); }
#pragma once
#include <cstdarg>
#include <cstdio>
#include <string>
#include <string_view>

#include <tenon/base/contract.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace io {

/// A file that cannot be opened, read or written.
class io_error : public error {
 public:
  using error::error;
};

/// A file whose contents break its format, or a request for something that its format does not allow.
class format_error : public io_error {
 public:
  using io_error::io_error;
};

/// Raises `Error` with a message formatted as by printf.
template <class Error>
[[noreturn, gnu::noinline, gnu::cold, gnu::format(printf, 1, 2)]] void fail(const char* format, ...) {
  char message[Message::capacity + 2];  // one more than fits, so that the cut is marked
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  raise<Error>(Message() << message);
}

// Not named `quoted`: with <iomanip> included, std::quoted would be found for a std::string and win.
/// The text in single quotes, without control characters and cut to at most `longest` bytes, for use in messages.
TENON_COLD inline std::string in_quotes(std::string_view text, std::size_t longest = 80) {
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

/// A path in quotes, for use in messages.
inline std::string path_in_quotes(std::string_view path) { return in_quotes(path, 200); }

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
