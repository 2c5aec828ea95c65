// idx files: all element types, plain and compressed, and every way in which a file can be wrong.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <tenon/io/idx.hpp>

#if !defined(TENON_SOURCE_DIR)
#define TENON_SOURCE_DIR "."
#endif

using namespace tenon;
using namespace tenon::io;
using Bytes = std::vector<unsigned char>;

namespace {

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenon-idx-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()));
    path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
};

void write(const std::string& path, const Bytes& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  REQUIRE(file);
  for (const unsigned char byte : bytes) std::fputc(byte, file);
  std::fclose(file);
}

Bytes compress(const Bytes& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(deflateBound(&stream, static_cast<uLong>(bytes.size())) + 64);
  Bytes in = bytes;
  in.push_back(0);  // never empty, so that there is a pointer
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bytes idx(unsigned char code, std::initializer_list<unsigned> extents, const Bytes& data) {
  Bytes out = {0, 0, code, static_cast<unsigned char>(extents.size())};
  for (const unsigned extent : extents)
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<unsigned char>(extent >> shift));
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Bytes joined(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Checks that the file is refused with `part` in the message.
void refused(const std::string& path, const Bytes& file, const char* part, std::size_t max_bytes = 1u << 30) {
  write(path, file);
  std::string message = "(accepted)";
  try {
    read_idx(path, max_bytes);
  } catch (const format_error& e) {
    message = e.what();
  }
  CHECK_MESSAGE(message.find(part) != message.npos, "expected \"" << std::string(part) << "\" in: " << message);
  if (message != "(accepted)") CHECK(message.find("'" + path + "' is not a valid idx file: ") == 0);
}

template <class T>
void check_values(const std::string& path, unsigned char code, const Bytes& data, std::initializer_list<T> expected) {
  for (const bool compressed : {false, true}) {
    const Bytes file = idx(code, {static_cast<unsigned>(expected.size())}, data);
    write(path, compressed ? compress(file) : file);
    const IdxArray array = read_idx(path);
    CHECK(array.shape == std::vector<index_t>{static_cast<index_t>(expected.size())});
    CHECK(static_cast<unsigned char>(array.type) == code);
    REQUIRE(array.bytes.size() == data.size());
    CHECK(std::memcmp(array.bytes.data(), expected.begin(), data.size()) == 0);
  }
}

}  // namespace

TEST_CASE("idx: every element type, plain and compressed, in this machine's byte order") {
  const TemporaryFolder folder;
  const std::string path = folder / "x-idx1";
  check_values<unsigned char>(path, 0x08, {0, 255, 7}, {0, 255, 7});
  check_values<signed char>(path, 0x09, {0xff, 0x80, 1}, {-1, -128, 1});
  check_values<short>(path, 0x0b, {0x01, 0x02, 0xff, 0xfe}, {0x0102, -2});
  check_values<int>(path, 0x0c, {0x01, 0x02, 0x03, 0x04, 0xff, 0xff, 0xff, 0xfe}, {0x01020304, -2});
  check_values<float>(path, 0x0d, {0x3f, 0xc0, 0, 0, 0xbf, 0x80, 0, 0}, {1.5f, -1.0f});
  check_values<double>(path, 0x0e, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, {1.5});

  write(path, idx(0x08, {2, 3}, {1, 2, 3, 4, 5, 6}));
  CHECK(read_idx(path).shape == std::vector<index_t>{2, 3});
  write(path, idx(0x08, {1, 1, 1, 1, 1, 1, 1, 1}, {9}));
  CHECK(read_idx(path).shape.size() == 8);
  write(path, idx(0x0c, {0, 28}, {}));
  CHECK(read_idx(path).bytes.empty());
}

TEST_CASE("idx: a name is found as it is, or with .gz") {
  const TemporaryFolder folder;
  write(folder / "labels.gz", compress(idx(0x08, {1}, {1})));
  CHECK(read_idx(folder / "labels").bytes[0] == 1);
  CHECK(read_idx(folder / "labels.gz").bytes[0] == 1);
  write(folder / "labels", idx(0x08, {1}, {2}));
  CHECK(read_idx(folder / "labels").bytes[0] == 2);
  write(folder / "plain.gz", idx(0x08, {1}, {3}));  // what a file is, not what it is called
  CHECK(read_idx(folder / "plain").bytes[0] == 3);
  CHECK_THROWS_WITH_AS(read_idx(folder / "no"),
                       ("cannot open '" + (folder / "no") + "': there is neither that file nor one with .gz").c_str(),
                       io_error);
  CHECK_THROWS_AS(read_idx(folder.path.string()), io_error);
}

TEST_CASE("idx: several gzip members are one file") {
  const TemporaryFolder folder;
  const Bytes file = idx(0x08, {4}, {1, 2, 3, 4});
  for (std::ptrdiff_t cut = 0; cut <= static_cast<std::ptrdiff_t>(file.size()); ++cut) {
    const Bytes a(file.begin(), file.begin() + cut), b(file.begin() + cut, file.end());
    write(folder / "x", joined(compress(a), compress(b)));
    CHECK(read_idx(folder / "x").bytes == Bytes{1, 2, 3, 4});
  }
}

TEST_CASE("idx: malformed files are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "x";
  const Bytes good = idx(0x08, {2, 2}, {1, 2, 3, 4});
  for (std::size_t n = 0; n < good.size(); ++n)
    refused(path, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)),
            n < 4    ? "within its first four bytes"
            : n < 12 ? "within its extents"
                     : "of the 4 bytes");
  refused(path, joined(good, {0}), "it goes on after the 4 bytes");
  refused(path, compress(joined(good, {0})), "it goes on after the 4 bytes");
  refused(path, joined({1}, good), "two zero bytes");
  refused(path, {'P', 'K', 3, 4, 5}, "two zero bytes");
  for (const int code : {0x00, 0x07, 0x0a, 0x0f, 0xff})
    refused(path, idx(static_cast<unsigned char>(code), {1}, {1}), "unknown element type code 0x");
  refused(path, idx(0x08, {}, {1}), "its rank is 0");
  refused(path, idx(0x08, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1}), "its rank is 9");
  refused(path, {0, 0, 8, 255}, "its rank is 255");
}

TEST_CASE("idx: extents that the file does not hold cost no memory") {
  const TemporaryFolder folder;
  const std::string path = folder / "x";
  // 2^96 bytes, 2^64 bytes (0 after wrapping), 64 GiB, and 4 GiB - 1 of which three are there.
  refused(path, idx(0x08, {0x80000000u, 0x80000000u, 0x80000000u, 8}, {}), "more than the allowed");
  refused(path, idx(0x08, {0x80000000u, 0x80000000u, 4}, {}), "more than the allowed");
  refused(path, idx(0x0e, {0x40000000u, 8}, {}), "more than the allowed");
  refused(path, idx(0x08, {0xffffffffu}, {1, 2, 3}), "it ends after 3 of the 4294967295 bytes", std::size_t{1} << 33);
  refused(path, compress(idx(0x08, {0xffffffffu}, {1, 2, 3})), "it ends after 3 of", std::size_t{1} << 33);
  refused(path, idx(0x08, {4}, {1, 2, 3, 4}), "more than the allowed 3 bytes", 3);
}

TEST_CASE("idx: a compressed bomb is cut off at what its header announces") {
  const TemporaryFolder folder;
  const Bytes bomb = compress(joined(idx(0x08, {10}, {}), Bytes(50'000'000)));
  CHECK(bomb.size() < 60000);
  refused(folder / "x", bomb, "it goes on after the 10 bytes");
}

TEST_CASE("idx: damaged, truncated and extended gzip streams are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "x";
  Bytes data(3000);
  unsigned state = 1;
  for (unsigned char& byte : data) byte = static_cast<unsigned char>((state = state * 1664525 + 1013904223) >> 24);
  const Bytes good = compress(idx(0x08, {3000}, data));
  write(path, good);
  CHECK(read_idx(path).bytes == data);
  for (std::size_t n = 2; n < good.size(); n += n < 30 || n + 30 > good.size() ? 1 : 97)
    refused(path, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)), "gzip stream is cut short");
  refused(path, joined(good, {0}), "data after the end of its gzip stream");
  refused(path, joined(good, {0x1f}), "gzip stream is cut short");
  refused(path, joined(good, good), "it goes on after");
  for (std::size_t at = 2; at < good.size();
       at += at + 8 < good.size() ? 41 : 1) {  // the checksum and length at the end
    Bytes bad = good;
    bad[at] ^= 0x55;
    write(path, bad);
    bool right = false;
    try {
      right = read_idx(path).bytes == data && at < 10;  // a changed time stamp is no damage
    } catch (const format_error&) {
      right = true;
    }
    CHECK(right);
  }
}

TEST_CASE("idx: the digits shipped with the examples") {
  const std::string folder = TENON_SOURCE_DIR "/examples/data/";
  if (!std::filesystem::exists(folder + "digits8x8-images-idx3-ubyte.gz")) {
    MESSAGE("SKIPPED the digits: no digits8x8-images-idx3-ubyte.gz in examples/data of the source folder");
    return;
  }
  const IdxArray images = read_idx(folder + "digits8x8-images-idx3-ubyte");
  const IdxArray labels = read_idx(folder + "digits8x8-labels-idx1-ubyte");
  CHECK(images.shape == std::vector<index_t>{1797, 8, 8});
  CHECK(labels.shape == std::vector<index_t>{1797});
  int brightest = 0, count[10] = {};
  for (const unsigned char pixel : images.bytes) brightest = pixel > brightest ? pixel : brightest;
  for (const unsigned char label : labels.bytes) {
    REQUIRE(label < 10);
    ++count[label];
  }
  CHECK(brightest == 16);
  for (const int n : count) CHECK(n > 170);
}

TEST_CASE("idx: MNIST, where it is") {
  const char* data = std::getenv("TENON_TEST_DATA");
  const std::string folder = std::string(data ? data : "") + "/mnist/";
  if (!data || !std::filesystem::is_directory(folder)) {
    MESSAGE("SKIPPED MNIST: TENON_TEST_DATA does not name a folder with mnist/ in it");
    return;
  }
  CHECK(read_idx(folder + "train-images-idx3-ubyte").shape == std::vector<index_t>{60000, 28, 28});
  CHECK(read_idx(folder + "train-labels-idx1-ubyte").shape == std::vector<index_t>{60000});
  CHECK(read_idx(folder + "t10k-images-idx3-ubyte").bytes.size() == 10000 * 784);
  CHECK(read_idx(folder + "t10k-labels-idx1-ubyte").bytes[0] == 7);
}
