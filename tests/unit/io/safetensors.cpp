// The safetensors container: what is written is read back, and no file, however hostile, gets past the checks.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tenon/io/safetensors.hpp>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

using namespace tenon;
using namespace tenon::io;
using Bytes = std::vector<unsigned char>;

namespace {

// A whole file from its header text and its data.
Bytes file_of(std::string_view header, const Bytes& data = {}, long long claimed = -1) {
  const auto length = claimed < 0 ? header.size() : static_cast<unsigned long long>(claimed);
  Bytes out;
  for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<unsigned char>(length >> (8 * i)));
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

// Why a file is refused, or "" if it is not. The copy has exactly the file's size, so ASan sees any step beyond it.
std::string refusal(const Bytes& file) {
  unsigned char* copy = new unsigned char[file.size()];
  if (!file.empty()) std::memcpy(copy, file.data(), file.size());
  std::string message;
  try {
    SafetensorsFile(std::span<const unsigned char>(copy, file.size()), "evil.safetensors");
  } catch (const format_error& e) {
    message = e.what();
  }
  delete[] copy;
  return message;
}

[[gnu::noinline]] std::string refusal(std::string_view header, std::size_t data_bytes = 0) {
  return refusal(file_of(header, Bytes(data_bytes)));
}

// One tensor `t` of 4 float32 with a part of its entry replaced.
[[gnu::noinline]] std::string entry(std::string_view dtype = "\"F32\"", std::string_view shape = "[4]",
                                    std::string_view offsets = "[0,16]") {
  std::string out = R"({"t":{"dtype":)";
  out.append(dtype).append(R"(,"shape":)").append(shape).append(R"(,"data_offsets":)").append(offsets);
  return out += "}}";
}

// The only checks of the refused files: doctest's macros are slow to compile.
[[gnu::noinline]] void check_contains(std::string_view text, const char* part, int line) {
  if (text.find(part) == text.npos)
    FAIL_CHECK("line " << line << ": expected \"" << part << "\" in \"" << std::string(text) << "\"");
}
[[gnu::noinline]] void check_accepted(const std::string& message, int line) {
  if (!message.empty()) FAIL_CHECK("line " << line << ": refused: " << message);
}
#define REFUSED(part, ...) check_contains(refusal(__VA_ARGS__), part, __LINE__)
#define ACCEPTED(...) check_accepted(refusal(__VA_ARGS__), __LINE__)

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenon-safetensors-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()));
    path = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return (path / name).string(); }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(path)) ++count;
    return count;
  }
};

Bytes copy_of(std::span<const unsigned char> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("safetensors: what is written is read back, aligned, in memory and from a path") {
  const float weight[6] = {1, -2, 3.5f, 0, 1e30f, -1e-30f};
  const unsigned char mask[3] = {1, 0, 1};
  const double big[1] = {3.25};
  const short bias[2] = {-5, 7};
  SafetensorsWriter writer;
  writer.add("mask", DType::BOOL, {3}, mask);
  writer.add("hidden.weight", DType::F32, {2, 3}, weight);
  writer.add("empty", DType::I64, {0, 5}, nullptr);
  writer.add("scalar", DType::F64, {}, big);
  writer.add("quote\" back\\slash tab\t \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", DType::I16, {2}, bias);
  writer.set_metadata("format", "pt");
  writer.set_metadata("note", "overwritten");
  writer.set_metadata("note", "line\nbreak \"q\" \x01 \xc3\xa9");

  const auto check = [&](const SafetensorsFile& file) {
    REQUIRE(file.entries().size() == 5);
    CHECK(file.at("hidden.weight").shape == std::vector<index_t>{2, 3});
    CHECK(file.at("hidden.weight").dtype == DType::F32);
    CHECK(std::memcmp(file.bytes(file.at("hidden.weight")).data(), weight, sizeof weight) == 0);
    CHECK(std::memcmp(file.bytes(file.at("mask")).data(), mask, sizeof mask) == 0);
    CHECK(std::memcmp(file.bytes(file.at("scalar")).data(), big, sizeof big) == 0);
    CHECK(file.at("scalar").shape.empty());
    CHECK(file.bytes(file.at("empty")).empty());
    const auto* odd = file.find("quote\" back\\slash tab\t \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    REQUIRE(odd);
    CHECK(std::memcmp(file.bytes(*odd).data(), bias, sizeof bias) == 0);
    REQUIRE(file.metadata().size() == 2);
    CHECK(file.metadata()[0].key == "format");
    CHECK(file.metadata()[1].value == "line\nbreak \"q\" \x01 \xc3\xa9");
    for (const TensorEntry& e : file.entries()) CHECK(e.begin % size_of(e.dtype) == 0);
    CHECK(file.find("absent") == nullptr);
    CHECK_THROWS_WITH_AS(file.at("absent"), (file.name() + " has no tensor 'absent'").c_str(), format_error);
  };

  const Bytes bytes = writer.to_bytes();
  check(SafetensorsFile(bytes));
  unsigned length = 0;
  for (unsigned i = 0; i < 4; ++i) length |= static_cast<unsigned>(bytes[i]) << (8 * i);
  CHECK(length % 8 == 0);

  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  writer.write(path);
  SafetensorsFile file(path);
  check(file);
  for (const TensorEntry& e : file.entries())
    if (e.end > e.begin) CHECK(reinterpret_cast<std::uintptr_t>(file.bytes(e).data()) % size_of(e.dtype) == 0);
  SafetensorsFile moved = static_cast<SafetensorsFile&&>(file);
  check(moved);
  moved = SafetensorsFile(path);
  check(moved);
  CHECK(folder.files() == 1);

  CHECK_THROWS_AS(moved.bytes(TensorEntry{"other", DType::U8, {9}, 1000, 1009}), format_error);
}

TEST_CASE("safetensors: a file without tensors is valid") {
  const Bytes bytes = SafetensorsWriter().to_bytes();
  CHECK(SafetensorsFile(bytes).entries().empty());
  CHECK(bytes.size() == 16);
  REFUSED("not a JSON object", " {}");  // the format wants the brace first
  ACCEPTED("{} \t\r\n ");
  ACCEPTED("{ \"__metadata__\" : { } }");
}

TEST_CASE("safetensors: all spellings that JSON allows are read") {
  const std::string header =
      R"( { "\u0061\ud83d\ude00\u00e9\u20ac\"\\\/\b\f\n\r\t" : )"
      R"({ "shape" : [ 2 , 1 ] , "data_offsets" : [ 0 , 8 ] , "dtype" : "\u004632" } , "__metadata__" : {"k":"v"} } )";
  const Bytes bytes = file_of(header.substr(1), Bytes(8));
  const SafetensorsFile file(bytes);
  CHECK(file.entries()[0].name == "a\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac\"\\/\b\f\n\r\t");
  CHECK(file.metadata()[0].value == "v");
  ACCEPTED(entry("\"F32\"", "[0, 9]", "[0,0]"));
}

TEST_CASE("safetensors: entries come in the order of their data, whatever the order of the header") {
  const std::string header =
      R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"c":{"dtype":"U8","shape":[0],"data_offsets":[3,3]},)"
      R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  const Bytes bytes = file_of(header, {7, 8, 9});
  const SafetensorsFile file(bytes);
  REQUIRE(file.entries().size() == 3);
  CHECK(file.entries()[0].name == "a");
  CHECK(file.entries()[1].name == "b");
  CHECK(file.entries()[2].name == "c");
  CHECK(copy_of(file.bytes(file.at("b"))) == Bytes{8, 9});
}

TEST_CASE("safetensors: a header length that the file cannot hold is refused") {
  for (std::size_t n = 0; n < 8; ++n) REFUSED("the header's length alone has 8", Bytes(n, 0xff));
  REFUSED("claims 18446744073709551615 bytes, more than the allowed 100000000", Bytes(8, 0xff));
  REFUSED("more than the allowed", file_of("{}", {}, 100000001));
  REFUSED("claims 100000000 bytes, but only 2 follow", file_of("{}", {}, 100000000));
  REFUSED("claims 3 bytes, but only 2 follow", file_of("{}", {}, 3));
  REFUSED("expected a quoted name", file_of("{}", {}, 1));
  REFUSED("the header is not a JSON object", file_of("", {}));
}

TEST_CASE("safetensors: a header that is not the format's JSON is refused") {
  for (const char* text : {"[]", "null", "3", "\"x\"", "x", "\xef\xbb\xbf{}"})
    REFUSED("the header is not a JSON object", text);
  REFUSED("expected a quoted name (header byte 1)", "{");
  REFUSED("expected a quoted name", "{]");
  REFUSED("expected a quoted name", "{a:1}");
  REFUSED("text without its closing quote", "{\"a");
  REFUSED("expected ':'", "{\"a\"");
  REFUSED("tensor 'a': expected a JSON object", "{\"a\":");
  REFUSED("tensor 'a': expected a JSON object", "{\"a\":1}");
  REFUSED("tensor 'a': expected a JSON object", "{\"a\":null}");
  REFUSED("more text after the header's JSON object", "{}x");
  REFUSED("more text after", "{}{}");
  REFUSED("more text after", std::string("{}\0", 3));
  REFUSED("tensor 't'", entry().substr(0, 40), 16);
  const std::string good = entry();
  ACCEPTED(good, 16);
  for (std::size_t n = 0; n < good.size(); ++n) REFUSED("evil", good.substr(0, n), 16);
  REFUSED("expected a quoted name", good.substr(0, good.size() - 1) + ",}", 16);
}

TEST_CASE("safetensors: deep nesting costs nothing and is refused") {
  std::string deep;
  for (int i = 0; i < 1000000; ++i) deep += "{\"a\":";
  REFUSED("unknown field 'a'", deep);
  REFUSED("expected a JSON object", "{\"a\":" + std::string(2000000, '['));
  REFUSED("expected a whole number in 'shape'", entry("\"F32\"", std::string(2000000, '[')), 16);
}

TEST_CASE("safetensors: names that repeat are refused") {
  const std::string one = R"("t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  REFUSED("the tensor 't' appears twice", "{" + one + "," + one + "}", 1);
  const std::string same = R"("\u0074":{"dtype":"U8","shape":[1],"data_offsets":[1,2]})";
  REFUSED("the tensor 't' appears twice", "{" + one + "," + same + "}", 2);
  REFUSED("'__metadata__' appears twice", R"({"__metadata__":{},"__metadata__":{}})");
  REFUSED("has the key 'a' twice", R"({"__metadata__":{"a":"1","b":"2","a":"1"}})");
  REFUSED("tensor 't': 'dtype' appears twice", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"dtype":"U8"}})",
          1);
  REFUSED("'shape' appears twice", R"({"t":{"shape":[1],"shape":[1],"data_offsets":[0,1]}})", 1);
  REFUSED("'data_offsets' appears twice", R"({"t":{"data_offsets":[0,1],"data_offsets":[0,1]}})", 1);
}

TEST_CASE("safetensors: entries with missing, unknown or mistyped fields are refused") {
  REFUSED("tensor 't': no 'dtype'", "{\"t\":{}}");
  REFUSED("tensor 't': no 'shape'", R"({"t":{"dtype":"U8","data_offsets":[0,1]}})", 1);
  REFUSED("tensor 't': no 'data_offsets'", R"({"t":{"dtype":"U8","shape":[1]}})", 1);
  REFUSED("tensor 't': unknown field 'extra'", R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":1}})", 1);
  REFUSED("tensor 't': unknown dtype 'F31'", entry("\"F31\""), 16);
  REFUSED("unknown dtype 'f32'", entry("\"f32\""), 16);
  REFUSED("unknown dtype ''", entry("\"\""), 16);
  REFUSED("expected a text value for 'dtype'", entry("32"), 16);
  REFUSED("expected a list of numbers for 'shape'", entry("\"F32\"", "4"), 16);
  REFUSED("expected a list of numbers for 'shape'", entry("\"F32\"", "\"4\""), 16);
  REFUSED("expected a whole number in 'shape'", entry("\"F32\"", "[\"4\"]"), 16);
  REFUSED("expected a whole number in 'shape'", entry("\"F32\"", "[null]"), 16);
  REFUSED("expected ',' or ']'", entry("\"F32\"", "[4 5]"), 16);
  REFUSED("expected a whole number in 'shape'", entry("\"F32\"", "[4,]"), 16);
  REFUSED("'data_offsets' needs two numbers", entry("\"F32\"", "[4]", "[0]"), 16);
  REFUSED("'data_offsets' needs two numbers", entry("\"F32\"", "[4]", "[]"), 16);
  REFUSED("'data_offsets' has more than 2 numbers", entry("\"F32\"", "[4]", "[0,16,16]"), 16);
  REFUSED("expected a JSON object", R"({"__metadata__":[]})");
  REFUSED("expected a JSON object", R"({"__metadata__":null})");
  REFUSED("expected a JSON object", R"({"__metadata__":"text"})");
  REFUSED("expected a text value in '__metadata__'", R"({"__metadata__":{"epoch":3}})");
  REFUSED("expected a text value in '__metadata__'", R"({"__metadata__":{"a":{"b":"c"}}})");
}

TEST_CASE("safetensors: negative, fractional, huge and overflowing numbers are refused") {
  for (const char* shape : {"[-1]", "[-0]", "[-9223372036854775808]"})
    REFUSED("negative number in 'shape'", entry("\"F32\"", shape), 16);
  for (const char* shape : {"[4.0]", "[4e0]", "[4E0]", "[04]", "[+4]", "[NaN]", "[.4]", "[true]", "[0x4]"})
    REFUSED("tensor 't': expected", entry("\"F32\"", shape), 16);
  REFUSED("number too large in 'shape'", entry("\"F32\"", "[9223372036854775808]"), 16);
  REFUSED("number too large", entry("\"F32\"", "[" + std::string(100000, '9') + "]"), 16);
  REFUSED("negative number in 'data_offsets'", entry("\"F32\"", "[4]", "[0,-16]"), 16);
  REFUSED("number too large", entry("\"F32\"", "[4]", "[0,18446744073709551632]"), 16);
  // 2^62 x 2^2 x 4 bytes is 0 modulo 2^64, and 2^62 + 4 float32 have 16 bytes modulo 2^64.
  REFUSED("the size of F32 [4611686018", entry("\"F32\"", "[4611686018427387904,4]", "[0,0]"), 0);
  REFUSED("overflows", entry("\"F32\"", "[4611686018427387908]", "[0,16]"), 16);
  REFUSED("overflows", entry("\"U8\"", "[9223372036854775807,9223372036854775807]", "[0,1]"), 1);
  REFUSED("overflows", entry("\"F32\"", "[0,4611686018427387904,4]", "[0,0]"), 0);
  REFUSED("hold 16 bytes, but U8", entry("\"U8\"", "[9223372036854775807]", "[0,16]"), 16);
  std::string ones = "[1";
  for (int i = 1; i < 64; ++i) ones += ",1";
  ACCEPTED(entry("\"F32\"", ones + "]", "[0,4]"), 4);
  REFUSED("'shape' has more than 64 numbers", entry("\"F32\"", ones + ",1]", "[0,4]"), 4);
}

TEST_CASE("safetensors: offsets that do not cover the data exactly are refused") {
  REFUSED("tensor 't': data_offsets [16, 0] are reversed", entry("\"F32\"", "[4]", "[16,0]"), 16);
  REFUSED("reach beyond the 16 data bytes", entry("\"F32\"", "[4]", "[1,17]"), 16);
  REFUSED("reach beyond", entry("\"F32\"", "[4]", "[9223372036854775790,9223372036854775806]"), 16);
  REFUSED("data_offsets [0, 16] hold 16 bytes, but F32 [3] needs 12", entry("\"F32\"", "[3]"), 16);
  REFUSED("needs 32", entry("\"F64\""), 16);
  REFUSED("F32 [] needs 4", entry("\"F32\"", "[]"), 16);
  REFUSED("F32 [0] needs 0", entry("\"F32\"", "[0]"), 16);
  REFUSED("the last 1 data bytes belong to no tensor", entry(), 17);
  REFUSED("reach beyond the 15 data bytes", entry(), 15);
  REFUSED("the last 1 data bytes belong to no tensor", "{}", 1);

  const auto two = [](const char* a, const char* b) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + std::string(a) +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}";
  };
  ACCEPTED(two("[0,4]", "[4,8]"), 8);
  ACCEPTED(two("[4,8]", "[0,4]"), 8);
  REFUSED("tensor 'b': its data overlap those of the tensor before it", two("[0,4]", "[0,4]"), 4);
  REFUSED("tensor 'b': its data overlap", two("[0,4]", "[3,7]"), 7);
  REFUSED("tensor 'a': its data overlap", two("[3,7]", "[0,4]"), 7);
  REFUSED("tensor 'b': 1 bytes before its data belong to no tensor", two("[0,4]", "[5,9]"), 9);
  REFUSED("tensor 'a': 1 bytes before its data", two("[1,5]", "[5,9]"), 9);
  REFUSED("tensor 'z': its data overlap",
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
          R"("z":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
          4);
}

TEST_CASE("safetensors: text that is not valid UTF-8 is refused") {
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe2\x82", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe"}) {
    REFUSED("invalid UTF-8", "{\"" + std::string(bad) + "\":{}}");
    REFUSED("invalid UTF-8", "{\"__metadata__\":{\"k\":\"" + std::string(bad));
  }
  for (const char* good : {"\xc2\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})
    ACCEPTED("{\"__metadata__\":{\"k\":\"" + std::string(good) + "\"}}");
  REFUSED("invalid UTF-8", "{\"\xff\":{}}");
  REFUSED("control character inside quotes", "{\"a\nb\":{}}");
  REFUSED("control character inside quotes", std::string("{\"a\0b\":{}}", 10));
  REFUSED("unknown escape", R"({"\x41":{}})");
  REFUSED("unknown escape", std::string("{\"\\\0\":{}}", 9));
  REFUSED("unknown escape", "{\"\\");
  for (const char* hex : {R"(\u12)", R"(\u12g4)", R"(\u)", R"(\ud83d\u12)"})
    REFUSED("four hexadecimal digits", "{\"" + std::string(hex) + "\":{}}");
  for (const char* half : {R"(\ud83d)", R"(\ud83dx)", R"(\ud83d\n)", R"(\ude00)", R"(\ud83d\u0041)", R"(\ud83d\ud83d)"})
    REFUSED("half of a surrogate pair", "{\"" + std::string(half) + "\":{}}");
}

TEST_CASE("safetensors: bytes that are no bool are refused") {
  ACCEPTED(file_of(entry("\"BOOL\"", "[3]", "[0,3]"), {0, 1, 1}));
  REFUSED("tensor 't': BOOL byte 2", file_of(entry("\"BOOL\"", "[3]", "[0,3]"), {0, 2, 1}));
}

TEST_CASE("safetensors: hostile names cannot flood or steer a terminal through messages") {
  const std::string name = std::string(5000, 'x');
  const std::string message = refusal("{\"" + name + "\":{}}");
  CHECK(message.size() < 300);
  check_contains(message, "xxx...'", __LINE__);
  const std::string escape = refusal("{\"\\u001b[31m\\u0007\\u009b\xc3\xa9\":{}}");
  check_contains(escape, "'\\x1b[31m\\x07\\xc2\\x9b\xc3\xa9'", __LINE__);
  REFUSED("xxx...'", "{\"" + std::string(79, 'x') + "\xc3\xa9\":{}}");
}

TEST_CASE("safetensors: the writer refuses what the reader would") {
  const float data[4] = {};
  SafetensorsWriter writer;
  writer.add("t", DType::F32, {4}, data);
  CHECK_THROWS_WITH_AS(writer.add("t", DType::F32, {4}, data), "cannot add the tensor 't': the name is taken",
                       format_error);
  CHECK_THROWS_AS(writer.add("__metadata__", DType::F32, {4}, data), format_error);
  CHECK_THROWS_AS(writer.add("\xff", DType::F32, {4}, data), format_error);
  CHECK_THROWS_AS(writer.add("u", DType::F32, {-1}, data), format_error);
  CHECK_THROWS_AS(writer.add("u", DType::F32, {index_t{1} << 62, 4}, data), format_error);
  CHECK_THROWS_AS(writer.add("u", DType::F32, std::vector<index_t>(65, 1), data), format_error);
  CHECK_THROWS_AS(writer.set_metadata("\xff", ""), format_error);
  CHECK_THROWS_AS(writer.set_metadata("", "\xff"), format_error);
  CHECK(SafetensorsFile(writer.to_bytes()).entries().size() == 1);
}

TEST_CASE("safetensors: files that cannot be read or written say so, and a failed write leaves the old file") {
  CHECK_THROWS_AS(SafetensorsFile("/nonexistent/m.safetensors"), io_error);
  const TemporaryFolder folder;
  CHECK_THROWS_AS(SafetensorsFile(folder.path.string()), io_error);
  CHECK_THROWS_AS(SafetensorsFile("/dev/zero"), io_error);

  const std::string path = folder / "m.safetensors";
  std::ofstream(path, std::ios::binary) << "short";
  try {
    SafetensorsFile file(path);
    FAIL("a file of five bytes was accepted");
  } catch (const format_error& e) {
    check_contains(e.what(), ("'" + path + "' is not a valid safetensors file: it has 5 bytes").c_str(), __LINE__);
  }

  SafetensorsWriter small;
  small.set_metadata("version", "old");
  CHECK_THROWS_AS(small.write(folder / "no/such/folder"), io_error);
  small.write(path);
  small.write(path);  // over an older one
  CHECK(folder.files() == 1);
#if __has_include(<sys/resource.h>)
  // A full disk, as far as a process can make one for itself.
  const Bytes data(100000);
  SafetensorsWriter large;
  large.add("t", DType::U8, {100000}, data.data());
  rlimit old{}, tight{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
  tight = old;
  tight.rlim_cur = 5000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &tight) == 0);
  bool refused = false;
  try {
    large.write(path);
  } catch (const io_error&) {
    refused = true;
  }
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(refused);
  CHECK(folder.files() == 1);
  CHECK(SafetensorsFile(path).metadata()[0].value == "old");
#endif
}

TEST_CASE("safetensors: real files load, and their tensors survive being written again") {
  const char* data = std::getenv("TENON_TEST_DATA");
  const std::filesystem::path folder = std::filesystem::path(data ? data : "") / "safetensors";
  if (!data || !std::filesystem::is_directory(folder)) {
    MESSAGE("SKIPPED real safetensors files: TENON_TEST_DATA does not name a folder with safetensors/ in it");
    return;
  }
  int files = 0;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.path().extension() != ".safetensors") continue;
    CAPTURE(item.path().string());
    const SafetensorsFile file(item.path().string());
    CHECK(!file.entries().empty());
    SafetensorsWriter writer;
    for (const TensorEntry& e : file.entries()) writer.add(e.name, e.dtype, e.shape, file.bytes(e).data());
    for (const MetadataEntry& m : file.metadata()) writer.set_metadata(m.key, m.value);
    const Bytes bytes = writer.to_bytes();
    const SafetensorsFile again(bytes);
    REQUIRE(again.entries().size() == file.entries().size());
    for (const TensorEntry& e : file.entries()) {
      CHECK(again.at(e.name).shape == e.shape);
      CHECK(copy_of(again.bytes(again.at(e.name))) == copy_of(file.bytes(e)));
    }
    ++files;
  }
  CHECK(files > 0);
}
