// tenon/io/idx.hpp: reads MNIST's idx files, plain or gzip-compressed.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An idx file is two zero bytes, an element type code, the rank, the extents as big-endian 32-bit numbers, and the
// elements, big-endian and row-major. Whether a file is compressed is seen from its first bytes, not from its name.
// Memory grows with the bytes that really arrive and never beyond what the header announces, so neither a header that
// claims too much nor a compressed bomb costs more than the file itself is worth.
// Format: http://yann.lecun.com/exdb/mnist/, gzip: RFC 1952.
// Example: IdxArray images = read_idx("train-images-idx3-ubyte");  // or that name with .gz
#pragma once
#include <zlib.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <tenon/base/config.hpp>
#include <tenon/io/error.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace io {

/// Element types of an idx file, by their codes in it.
enum class IdxType : unsigned char { u8 = 0x08, i8 = 0x09, i16 = 0x0b, i32 = 0x0c, f32 = 0x0d, f64 = 0x0e };

/// The contents of an idx file: elements row-major, in the byte order of this machine.
struct IdxArray {
  IdxType type = IdxType::u8;
  std::vector<index_t> shape;
  std::vector<unsigned char> bytes;
};

namespace detail {

// The bytes of a file, decompressed if they are gzip.
class IdxSource {
 public:
  TENON_COLD explicit IdxSource(const std::string& path) : name_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_ && errno == ENOENT) {
      name_ += ".gz";
      file_ = std::fopen(name_.c_str(), "rb");
      if (!file_ && errno == ENOENT)
        fail<io_error>("cannot open %s: there is neither that file nor one with .gz", path_in_quotes(path).c_str());
    }
    if (!file_) fail<io_error>("cannot open %s: %s", path_in_quotes(name_).c_str(), std::strerror(errno));
  }
  IdxSource(const IdxSource&) = delete;
  IdxSource& operator=(const IdxSource&) = delete;
  ~IdxSource() {
    if (inflating_) inflateEnd(&stream_);
    if (file_) std::fclose(file_);
  }

  // Reads the first bytes and prepares for what they are. Apart from the constructor, so that its errors are cleaned
  // up.
  void start() {
    refill();
    if (stream_.avail_in < 2 || input_[0] != 0x1f || input_[1] != 0x8b) return;
    // 15: the largest window; 16: gzip and nothing else.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK)
      fail<io_error>("cannot read %s: no memory", path_in_quotes(name_).c_str());
    inflating_ = true;
  }

  // Reads up to `bytes` bytes; fewer only at the end.
  std::size_t read(unsigned char* out, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes && !ended_)
      done += inflating_ ? inflate_some(out + done, bytes - done) : copy(out + done, bytes - done);
    return done;
  }

  [[noreturn, gnu::noinline, gnu::cold, gnu::format(printf, 2, 3)]] void refuse(const char* format, ...) const {
    char what[512];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    fail<format_error>("%s is not a valid idx file: %s", path_in_quotes(name_).c_str(), what);
  }

 private:
  void refill() {
    errno = 0;
    stream_.next_in = input_;
    stream_.avail_in = static_cast<uInt>(std::fread(input_, 1, sizeof input_, file_));
    if (std::ferror(file_)) fail<io_error>("cannot read %s: %s", path_in_quotes(name_).c_str(), std::strerror(errno));
  }

  TENON_COLD std::size_t copy(unsigned char* out, std::size_t bytes) {
    if (stream_.avail_in == 0) refill();
    ended_ = stream_.avail_in == 0;
    const std::size_t n = bytes < stream_.avail_in ? bytes : stream_.avail_in;
    std::memcpy(out, stream_.next_in, n);
    stream_.next_in += n;
    stream_.avail_in -= static_cast<uInt>(n);
    return n;
  }

  TENON_COLD std::size_t inflate_some(unsigned char* out, std::size_t bytes) {
    if (stream_.avail_in == 0) refill();
    if (between_) {
      // A gzip file may have several members, one after the other.
      ended_ = stream_.avail_in == 0;
      if (ended_) return 0;
      if (stream_.next_in[0] != 0x1f || inflateReset(&stream_) != Z_OK) refuse("data after the end of its gzip stream");
      between_ = false;
    }
    if (stream_.avail_in == 0) refuse("its gzip stream is cut short");
    constexpr std::size_t most = 1u << 30;  // zlib counts in 32 bits
    const auto room = static_cast<uInt>(bytes < most ? bytes : most);
    stream_.next_out = out;
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    between_ = status == Z_STREAM_END;
    if (status == Z_MEM_ERROR) fail<io_error>("cannot read %s: no memory", path_in_quotes(name_).c_str());
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      refuse("its gzip stream is damaged (%s)", stream_.msg ? stream_.msg : "no details");
    return room - stream_.avail_out;
  }

  std::string name_;
  std::FILE* file_;
  z_stream stream_{};
  bool inflating_ = false;
  bool between_ = false;  // at the end of a gzip member
  bool ended_ = false;
  unsigned char input_[1 << 14];
};

inline std::size_t idx_element_size(IdxType type) {
  switch (type) {
    case IdxType::u8:
    case IdxType::i8:
      return 1;
    case IdxType::i16:
      return 2;
    case IdxType::i32:
    case IdxType::f32:
      return 4;
    case IdxType::f64:
      return 8;
  }
  return 0;
}

}  // namespace detail

/// Reads the idx file at `path`, or at `path` with ".gz" appended if there is no such file, of at most `max_bytes`
/// bytes of elements; throws io_error if it cannot be read and format_error if it is not valid.
TENON_COLD inline IdxArray read_idx(const std::string& path, std::size_t max_bytes = std::size_t{1} << 34) {
  detail::IdxSource source(path);
  source.start();
  unsigned char word[4];
  if (source.read(word, 4) != 4) source.refuse("it ends within its first four bytes");
  if (word[0] != 0 || word[1] != 0) source.refuse("it does not start with two zero bytes");
  IdxArray array;
  array.type = static_cast<IdxType>(word[2]);
  const std::size_t size = detail::idx_element_size(array.type);
  if (size == 0) source.refuse("unknown element type code 0x%02x", word[2]);
  const int rank = word[3];
  if (rank < 1 || rank > max_rank) source.refuse("its rank is %d, not 1 to %d", rank, max_rank);

  std::size_t bytes = size;
  bool too_big = false;
  for (int axis = 0; axis < rank; ++axis) {
    if (source.read(word, 4) != 4) source.refuse("it ends within its extents");
    const unsigned extent = static_cast<unsigned>(word[0]) << 24 | static_cast<unsigned>(word[1]) << 16 |
                            static_cast<unsigned>(word[2]) << 8 | word[3];
    array.shape.push_back(static_cast<index_t>(extent));
    too_big = __builtin_mul_overflow(bytes, std::size_t{extent}, &bytes) || too_big;
  }
  if (too_big || bytes > max_bytes) source.refuse("its extents ask for more than the allowed %zu bytes", max_bytes);

  // Grows by doubling as the data arrive: the header's claim is only an upper bound.
  std::size_t done = 0;
  while (done < bytes) {
    const std::size_t next = done < (1u << 20) ? 1u << 20 : 2 * done;
    array.bytes.resize(next < bytes ? next : bytes);
    const std::size_t got = source.read(array.bytes.data() + done, array.bytes.size() - done);
    done += got;
    if (done < array.bytes.size())
      source.refuse("it ends after %zu of the %zu bytes that its extents ask for", done, bytes);
  }
  if (source.read(word, 1) != 0) source.refuse("it goes on after the %zu bytes that its extents ask for", bytes);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (std::size_t at = 0; size > 1 && at < bytes; at += size)
    for (std::size_t i = 0; i < size / 2; ++i) {
      unsigned char& a = array.bytes[at + i];
      unsigned char& b = array.bytes[at + size - 1 - i];
      const unsigned char first = a;
      a = b;
      b = first;
    }
#endif
  return array;
}

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
