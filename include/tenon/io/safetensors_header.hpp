// tenon/io/safetensors_header.hpp: the element types, entries and header of a safetensors file, read without trust.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A safetensors file is an 8-byte little-endian length N, N bytes of JSON, and the tensors' bytes. The JSON has one
// fixed form, {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"key": "text"}},
// so it is read by a scanner for just that form: there is no nesting to follow, no value tree to allocate, and
// anything else in it is an error. The entries must cover the data bytes exactly: no overlap, no hole, nothing left.
// Memory stays proportional to the bytes that are really there, whatever numbers the header claims.
// Format: https://github.com/huggingface/safetensors#format
#pragma once
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/base/config.hpp>
#include <tenon/io/error.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace io {

/// Element types of a safetensors file that are read and written here, named as the format names them.
enum class DType : unsigned char { BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64 };

/// Number of element types.
inline constexpr int dtype_count = 13;

/// The name of an element type in the header, such as "BF16"; ends with a null character.
inline std::string_view name_of(DType dtype) {
  constexpr std::string_view names[dtype_count] = {"BOOL", "U8",  "I8",  "I16", "U16", "F16", "BF16",
                                                   "I32",  "U32", "F32", "F64", "I64", "U64"};
  return names[static_cast<int>(dtype)];
}

/// Bytes of one element.
inline std::size_t size_of(DType dtype) {
  constexpr unsigned char sizes[dtype_count] = {1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 8, 8, 8};
  return sizes[static_cast<int>(dtype)];
}

/// One tensor of a file: its elements are the data bytes [begin, end), row-major and little-endian.
struct TensorEntry {
  std::string name;
  DType dtype = DType::F32;
  std::vector<index_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The longest header that is read or written, in bytes (the limit of the format's reference implementation).
inline constexpr std::size_t max_header_bytes = 100'000'000;
/// The largest number of axes that is read or written (as in NumPy and PyTorch).
inline constexpr std::size_t max_file_rank = 64;

/// A pair of "__metadata__".
struct MetadataEntry {
  std::string key, value;
};

/// What a header says.
struct SafetensorsHeader {
  std::vector<TensorEntry> entries;     ///< in the order of their data
  std::vector<MetadataEntry> metadata;  ///< in the order of the file
};

/// The shape as text, such as "[2, 3]".
TENON_COLD inline std::string shape_text(const std::vector<index_t>& shape) {
  std::string out = "[";
  for (const index_t extent : shape) {
    if (out.size() > 1) out += ", ";
    out += std::to_string(extent);
  }
  out += ']';
  return out;
}

/// Bytes of a tensor, or -1 if the rank or an extent is not allowed or the product does not fit; an extent of zero
/// excuses no overflow among the others.
inline index_t byte_count(DType dtype, const std::vector<index_t>& shape) {
  if (shape.size() > max_file_rank) return -1;
  auto bytes = static_cast<index_t>(size_of(dtype));
  bool empty = false;
  for (const index_t extent : shape) {
    if (extent < 0) return -1;
    empty = empty || extent == 0;
    if (extent != 0 && __builtin_mul_overflow(bytes, extent, &bytes)) return -1;
  }
  return empty ? 0 : bytes;
}

/// The length of the UTF-8 sequence at `at`, or 0 if it is not valid (RFC 3629: no overlong forms, no surrogates).
inline std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned a = byte(0), b = byte(1);
  if (a < 0x80) return 1;
  if (a < 0xc2 || a > 0xf4 || !follows(1)) return 0;
  if (a < 0xe0) return 2;
  if (!follows(2)) return 0;
  if (a < 0xf0) return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
  return !follows(3) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f) ? 0 : 4;
}

namespace detail {

// Scans the header's one form; every message says where it stopped.
class HeaderScanner {
 public:
  HeaderScanner(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  TENON_COLD SafetensorsHeader scan(std::size_t data_bytes) {
    if (text_.empty() || text_[0] != '{') refuse("the header is not a JSON object");
    SafetensorsHeader header;
    std::string name;
    for (bool first = true; next_member(first, name);) {
      if (name == "__metadata__") {
        read_metadata(header.metadata);
      } else {
        tensor_ = name;
        read_entry(header.entries.emplace_back());
        header.entries.back().name.swap(name);
        tensor_.clear();
      }
    }
    skip_space();
    if (at_ != text_.size()) refuse("more text after the header's JSON object");
    scanning_ = false;
    check_names(header.entries);
    for (const TensorEntry& e : header.entries) check_size(e, data_bytes);
    check_cover(header.entries, data_bytes);
    return header;
  }

 private:
  // Formats as printf does; `tensor_` and, while scanning, the place are added.
  [[noreturn, gnu::noinline, gnu::cold, gnu::format(printf, 2, 3)]] void refuse(const char* format, ...) const {
    char what[512];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    char place[48] = "";
    if (scanning_) std::snprintf(place, sizeof place, " (header byte %zu)", at_);
    const bool in_tensor = !tensor_.empty();
    fail<format_error>("%s is not a valid safetensors file: %s%s%s%s%s", file_.c_str(), in_tensor ? "tensor " : "",
                       in_tensor ? in_quotes(tensor_).c_str() : "", in_tensor ? ": " : "", what, place);
  }

  void skip_space() {
    const std::size_t next = text_.find_first_not_of(" \t\n\r", at_);
    at_ = next == text_.npos ? text_.size() : next;
  }
  bool accept(char c) {
    skip_space();
    const bool found = at_ < text_.size() && text_[at_] == c;
    at_ += found;
    return found;
  }
  void expect(char c, const char* what) {
    if (!accept(c)) refuse("expected %s", what);
  }

  // Steps to the next member of an object, whose key it gives, or past the object's end.
  bool next_member(bool& first, std::string& key) {
    if (first) {
      expect('{', "a JSON object");
      if (accept('}')) return false;
    } else if (!accept(',')) {
      expect('}', "',' or '}'");
      return false;
    }
    first = false;
    read_string(key, "a quoted name");
    expect(':', "':'");
    return true;
  }

  TENON_COLD void read_metadata(std::vector<MetadataEntry>& metadata) {
    if (has_metadata_) refuse("'__metadata__' appears twice");
    has_metadata_ = true;
    std::string key;
    for (bool first = true; next_member(first, key);) {
      MetadataEntry& entry = metadata.emplace_back();
      entry.key.swap(key);
      read_string(entry.value, "a text value in '__metadata__'");
    }
    std::vector<const std::string*> keys;
    for (const MetadataEntry& m : metadata) keys.push_back(&m.key);
    if (const std::string* twin = repeated(keys))
      refuse("'__metadata__' has the key %s twice", in_quotes(*twin).c_str());
  }

  TENON_COLD void read_entry(TensorEntry& entry) {
    constexpr const char* fields[] = {"dtype", "shape", "data_offsets"};
    bool seen[3] = {};
    std::string field;
    for (bool first = true; next_member(first, field);) {
      int i = 0;
      while (i < 3 && field != fields[i]) ++i;
      if (i == 3) refuse("unknown field %s", in_quotes(field).c_str());
      if (seen[i]) refuse("'%s' appears twice", fields[i]);
      seen[i] = true;
      if (i == 0) {
        entry.dtype = read_dtype();
      } else if (i == 1) {
        read_numbers(entry.shape, fields[i], max_file_rank);
      } else {
        std::vector<index_t> offsets;
        read_numbers(offsets, fields[i], 2);
        if (offsets.size() != 2) refuse("'%s' needs two numbers", fields[i]);
        entry.begin = static_cast<std::size_t>(offsets[0]);
        entry.end = static_cast<std::size_t>(offsets[1]);
      }
    }
    for (int i = 0; i < 3; ++i)
      if (!seen[i]) refuse("no '%s'", fields[i]);
  }

  DType read_dtype() {
    std::string name;
    read_string(name, "a text value for 'dtype'");
    for (int i = 0; i < dtype_count; ++i)
      if (name == name_of(static_cast<DType>(i))) return static_cast<DType>(i);
    refuse("unknown dtype %s", in_quotes(name).c_str());
  }

  TENON_COLD void read_numbers(std::vector<index_t>& numbers, const char* field, std::size_t most) {
    if (!accept('[')) refuse("expected a list of numbers for '%s'", field);
    if (accept(']')) return;
    do {
      skip_space();
      if (numbers.size() == most) refuse("'%s' has more than %zu numbers", field, most);
      numbers.push_back(read_number(field));
    } while (accept(','));
    expect(']', "',' or ']'");
  }

  TENON_COLD index_t read_number(const char* field) {
    const auto digit = [&] { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; };
    if (at_ < text_.size() && text_[at_] == '-') refuse("negative number in '%s'", field);
    if (!digit()) refuse("expected a whole number in '%s'", field);
    const bool zero = text_[at_] == '0';
    index_t value = 0;
    do {
      if (__builtin_mul_overflow(value, index_t{10}, &value) ||
          __builtin_add_overflow(value, static_cast<index_t>(text_[at_] - '0'), &value))
        refuse("number too large in '%s'", field);
      ++at_;
    } while (!zero && digit());
    if (digit() || (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')))
      refuse("expected a whole number in '%s'", field);
    return value;
  }

  TENON_COLD void read_string(std::string& out, const char* what) {
    expect('"', what);
    out.clear();
    while (at_ < text_.size() && text_[at_] != '"') {
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) refuse("invalid UTF-8");
      if (static_cast<unsigned char>(text_[at_]) < 0x20) refuse("control character inside quotes");
      if (text_[at_] == '\\') {
        read_escape(out);
      } else {
        out.append(text_.substr(at_, length));
        at_ += length;
      }
    }
    if (at_ == text_.size()) refuse("text without its closing quote");
    ++at_;
  }

  TENON_COLD void read_escape(std::string& out) {
    constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    const std::string_view letter = text_.substr(at_ + 1, 1);
    if (letter == "u") {
      unsigned code = read_hex();
      if (code >= 0xd800 && code < 0xdc00) {  // the first half of a surrogate pair
        const bool paired = text_.substr(at_, 2) == "\\u";
        const unsigned low = paired ? read_hex() : 0;
        if (low < 0xdc00 || low > 0xdfff) refuse("half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      } else if (code >= 0xdc00 && code < 0xe000) {
        refuse("half of a surrogate pair");
      }
      append_utf8(out, code);
    } else {
      const std::size_t i = letter.empty() ? from.npos : from.find(letter[0]);
      if (i == from.npos) refuse("unknown escape inside quotes");
      out += to[i];
      at_ += 2;
    }
  }

  unsigned read_hex() {
    constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
    unsigned code = 0;
    at_ += 2;
    for (int i = 0; i < 4; ++i, ++at_) {
      const std::size_t digit = at_ < text_.size() ? digits.find(text_[at_]) : digits.npos;
      if (digit == digits.npos) refuse("expected four hexadecimal digits after '\\u'");
      code = code * 16 + static_cast<unsigned>(digit % 16);
    }
    return code;
  }

  static void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xc0 | code >> 6);
    } else if (code < 0x10000) {
      put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f));
    } else {
      put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
  }

  // A text that is there more than once, or null.
  static const std::string* repeated(std::vector<const std::string*>& texts) {
    using Item = const std::string* const*;
    sort(texts, [](const void* a, const void* b) { return (*static_cast<Item>(a))->compare(**static_cast<Item>(b)); });
    for (std::size_t i = 1; i < texts.size(); ++i)
      if (*texts[i - 1] == *texts[i]) return texts[i];
    return nullptr;
  }

  // qsort compiles in a tenth of the time of std::sort.
  template <class T>
  static void sort(std::vector<T>& items, int (*compare)(const void*, const void*)) {
    if (items.size() > 1) std::qsort(items.data(), items.size(), sizeof(T), compare);
  }

  TENON_COLD void check_names(const std::vector<TensorEntry>& entries) {
    std::vector<const std::string*> names;
    for (const TensorEntry& e : entries) names.push_back(&e.name);
    if (const std::string* name = repeated(names)) refuse("the tensor %s appears twice", in_quotes(*name).c_str());
  }

  TENON_COLD void check_size(const TensorEntry& e, std::size_t data_bytes) {
    tensor_ = e.name;
    if (e.begin > e.end) refuse("data_offsets [%zu, %zu] are reversed", e.begin, e.end);
    if (e.end > data_bytes)
      refuse("data_offsets [%zu, %zu] reach beyond the %zu data bytes of the file", e.begin, e.end, data_bytes);
    const index_t bytes = byte_count(e.dtype, e.shape);
    const char* type = name_of(e.dtype).data();
    if (bytes < 0) refuse("the size of %s %s overflows", type, shape_text(e.shape).c_str());
    if (static_cast<std::size_t>(bytes) != e.end - e.begin)
      refuse("data_offsets [%zu, %zu] hold %zu bytes, but %s %s needs %td", e.begin, e.end, e.end - e.begin, type,
             shape_text(e.shape).c_str(), bytes);
  }

  // In the order of their data the entries leave no hole and no overlap; puts them into that order.
  TENON_COLD void check_cover(std::vector<TensorEntry>& entries, std::size_t data_bytes) {
    std::vector<TensorEntry*> order;
    for (TensorEntry& e : entries) order.push_back(&e);
    sort(order, [](const void* x, const void* y) {
      const TensorEntry &a = **static_cast<TensorEntry*const*>(x), &b = **static_cast<TensorEntry*const*>(y);
      if (a.begin != b.begin) return a.begin < b.begin ? -1 : 1;
      if (a.end != b.end) return a.end < b.end ? -1 : 1;
      return &a < &b ? -1 : 1;
    });
    std::size_t covered = 0;
    std::vector<TensorEntry> ordered;
    ordered.reserve(entries.size());
    for (TensorEntry* e : order) {
      tensor_ = e->name;
      if (e->begin < covered) refuse("its data overlap those of the tensor before it");
      if (e->begin > covered) refuse("%zu bytes before its data belong to no tensor", e->begin - covered);
      covered = e->end;
      ordered.push_back(static_cast<TensorEntry&&>(*e));
    }
    tensor_.clear();
    if (covered != data_bytes) refuse("the last %zu data bytes belong to no tensor", data_bytes - covered);
    entries.swap(ordered);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::string tensor_;  // the one being read, for messages
  bool has_metadata_ = false;
  bool scanning_ = true;  // the place in the header belongs into messages
};

}  // namespace detail

/// Reads and checks a header of `text` for `data_bytes` bytes of data; errors start with `file`; throws format_error.
TENON_COLD inline SafetensorsHeader parse_safetensors_header(std::string_view text, std::size_t data_bytes,
                                                             const std::string& file) {
  return detail::HeaderScanner(text, file).scan(data_bytes);
}

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
