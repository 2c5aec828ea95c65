// Mutated safetensors files: never a crash, and accepted exactly where a slow reading of the format on top of an
// independent JSON parser accepts them, with the same result.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <tenon/io/safetensors.hpp>

using namespace tenon;
using namespace tenon::io;
using Bytes = std::vector<unsigned char>;

namespace {

// Fewer where nothing is optimised (sanitizers).
#ifdef __OPTIMIZE__
constexpr int samples = 10000;
#else
constexpr int samples = 1000;
#endif

// The format, read naively: gives whether the file is valid, and its header.
bool reference(const Bytes& file, nlohmann::json& header) {
  if (file.size() < 8) return false;
  std::uint64_t length = 0;
  for (unsigned i = 0; i < 8; ++i) length |= std::uint64_t{file[i]} << (8 * i);
  if (length > 100'000'000 || length > file.size() - 8) return false;
  const std::string text(file.begin() + 8, file.begin() + 8 + static_cast<std::ptrdiff_t>(length));
  // The parser stops at a null character as if the text ended there.
  if (text.empty() || text[0] != '{' || text.find('\0') != text.npos) return false;
  bool repeated = false;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) keys.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) keys.pop_back();
    if (event == nlohmann::json::parse_event_t::key)
      repeated = !keys.back().insert(value.get<std::string>()).second || repeated;
    return true;
  };
  header = nlohmann::json::parse(text, watch, false);
  if (header.is_discarded() || !header.is_object() || repeated) return false;

  const std::map<std::string, std::uint64_t> sizes = {{"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"I16", 2}, {"U16", 2},
                                                      {"F16", 2},  {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},
                                                      {"F64", 8},  {"I64", 8},  {"U64", 8}};
  constexpr std::uint64_t most = INT64_MAX;
  const std::size_t data = 8 + static_cast<std::size_t>(length);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
  for (const auto& [name, value] : header.items()) {
    if (!value.is_object()) return false;
    if (name == "__metadata__") {
      for (const auto& text_value : value)
        if (!text_value.is_string()) return false;
      continue;
    }
    if (value.size() != 3 || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets"))
      return false;
    const auto &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    if (!dtype.is_string() || !sizes.contains(dtype)) return false;
    if (!shape.is_array() || shape.size() > 64 || !offsets.is_array() || offsets.size() != 2) return false;
    for (const auto* list : {&shape, &offsets})
      for (const auto& number : *list)
        if (!number.is_number_unsigned() || number.get<std::uint64_t>() > most) return false;
    std::uint64_t bytes = sizes.at(dtype);
    bool empty = false;
    for (const std::uint64_t extent : shape) {
      empty = empty || extent == 0;
      if (extent != 0 && bytes > most / extent) return false;
      if (extent != 0) bytes *= extent;
    }
    const std::uint64_t begin = offsets[0], end = offsets[1];
    if (begin > end || end > file.size() - data || end - begin != (empty ? 0 : bytes)) return false;
    if (dtype == "BOOL")
      for (std::uint64_t i = begin; i < end; ++i)
        if (file[data + i] > 1) return false;
    spans.emplace_back(begin, end);
  }
  std::sort(spans.begin(), spans.end());
  std::uint64_t covered = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != covered) return false;
    covered = end;
  }
  return covered == file.size() - data;
}

// Both readings agree; what is accepted is whole. Gives whether the file was accepted.
bool agree(const Bytes& file) {
  // The copy has exactly the file's size, so ASan sees any step beyond it.
  unsigned char* copy = new unsigned char[file.size()];
  std::memcpy(copy, file.data(), file.size());
  nlohmann::json header;
  const bool valid = reference(file, header);
  bool accepted = false, same = true;
  std::string message;
  try {
    const SafetensorsFile read(std::span<const unsigned char>(copy, file.size()));
    accepted = true;
    same = valid && read.entries().size() + header.contains("__metadata__") == header.size();
    unsigned sum = 0;
    for (const TensorEntry& e : read.entries()) {
      same = same && header.contains(e.name) && header[e.name]["shape"] == e.shape &&
             header[e.name]["dtype"] == name_of(e.dtype) && header[e.name]["data_offsets"][0] == e.begin;
      for (const unsigned char byte : read.bytes(e)) sum += byte;
    }
    for (const MetadataEntry& m : read.metadata()) same = same && header["__metadata__"][m.key] == m.value;
    same = same && sum < 256u * file.size();
  } catch (const format_error& e) {
    message = e.what();
  }
  delete[] copy;
  if (accepted != valid || !same)
    FAIL("readings differ: accepted " << accepted << " (" << message << "), valid " << valid << ": "
                                      << std::string(file.begin(), file.end()));
  if (!accepted) REQUIRE(!message.empty());
  return accepted;
}

struct Random {
  std::uint64_t state;
  std::uint64_t operator()(std::uint64_t below) {  // xorshift64 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
  }
};

std::ptrdiff_t position(Random& random, std::size_t size) { return static_cast<std::ptrdiff_t>(random(size)); }

void mutate(Bytes& file, Random& random) {
  static const std::string words[] = {"{",
                                      "}",
                                      "[",
                                      "]",
                                      ",",
                                      ":",
                                      "\"",
                                      "\\",
                                      "0",
                                      "1",
                                      "-1",
                                      "16",
                                      "e1",
                                      "1.5",
                                      "null",
                                      "{}",
                                      "[]",
                                      "\"a\":",
                                      "\"\\ud800\"",
                                      "\\u0000",
                                      "\xff",
                                      "\t",
                                      "\x1f",
                                      "true",
                                      "2147483648",
                                      "4611686018427387904",
                                      "9223372036854775807",
                                      "18446744073709551615",
                                      "99999999999999999999",
                                      "\"__metadata__\":{}",
                                      "\"dtype\":\"F32\"",
                                      "\"shape\":[]",
                                      "\"data_offsets\":[0,0]",
                                      "BF16",
                                      "BOOL",
                                      "U8"};
  constexpr unsigned char bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff, '"', '{', '}', '0', '9', ' '};
  if (file.empty()) return;
  const auto at = position(random, file.size());
  const auto length =
      static_cast<std::ptrdiff_t>(std::min<std::size_t>(1 + random(12), file.size() - static_cast<std::size_t>(at)));
  switch (random(9)) {
    case 0:
      file[static_cast<std::size_t>(at)] ^= static_cast<unsigned char>(1u << random(8));
      break;
    case 1:
      file[static_cast<std::size_t>(at)] = bytes[random(sizeof bytes)];
      break;
    case 2:
      file.erase(file.begin() + at, file.begin() + at + length);
      break;
    case 3: {
      const Bytes part(file.begin() + at, file.begin() + at + length);
      file.insert(file.begin() + position(random, file.size()), part.begin(), part.end());
      break;
    }
    case 4:
    case 5: {
      const std::string& word = words[random(std::size(words))];
      file.insert(file.begin() + at, word.begin(), word.end());
      break;
    }
    case 6:
      file.resize(static_cast<std::size_t>(at));
      break;
    case 7:
      file[random(std::min<std::size_t>(8, file.size()))] = static_cast<unsigned char>(random(256));
      break;
    default:  // another digit
      for (auto i = static_cast<std::size_t>(at); i < file.size(); ++i)
        if (file[i] >= '0' && file[i] <= '9') {
          file[i] = static_cast<unsigned char>('0' + random(10));
          break;
        }
  }
}

// Makes the length fit the header again, so that the mutations behind it are reached.
void repair(Bytes& file, std::size_t data_bytes) {
  if (file.size() < 8 + data_bytes) return;
  const std::size_t length = file.size() - 8 - data_bytes;
  for (unsigned i = 0; i < 8; ++i) file[i] = static_cast<unsigned char>(length >> (8 * i));
}

// A file made of the format's own parts, most of them right: names that may repeat, shapes that may overflow, offsets
// that may be out of order, overlap, or leave a hole.
Bytes generate(Random& random) {
  static const std::string names[] = {
      "a", "b", "\\u0061",      "\xc3\xa9", "\xed\xa0\x80", "\\ud83d\\ude00", "\\ud83d", "c", "d", "e",
      "f", "g", "__metadata__", "h"};
  const auto rarely = [&] { return random(24) == 0; };
  std::vector<std::string> entries;
  std::uint64_t at = 0;
  for (auto n = random(5); n > 0; --n) {
    const auto dtype = static_cast<DType>(random(dtype_count));
    std::uint64_t bytes = size_of(dtype);
    std::string shape = "[";
    for (auto rank = random(4); rank > 0; --rank) {
      const std::uint64_t extent = rarely() ? std::uint64_t{1} << (60 + random(4)) : random(5);
      bytes *= extent;
      shape += (shape.size() > 1 ? "," : "") + std::to_string(extent);
    }
    std::uint64_t begin = at, end = at + bytes;
    at = end;
    if (rarely()) at -= bytes;  // the next one overlaps it
    if (rarely()) begin -= random(3);
    if (rarely()) begin += random(3), at += 1;
    if (rarely()) end += random(3);
    if (rarely()) std::swap(begin, end);
    std::string fields[] = {"\"dtype\":\"" + std::string(name_of(dtype)) + "\"", "\"shape\":" + shape + "]",
                            "\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]"};
    std::swap(fields[0], fields[random(3)]);
    std::string entry = "\"" + names[random(std::size(names))] + "\":{" + fields[0];
    for (int i = 1; i < 3; ++i)
      if (!rarely()) entry += "," + fields[i];
    if (rarely()) entry += "," + fields[random(3)];
    entries.push_back(entry + "}");
  }
  if (entries.size() > 1) std::swap(entries[0], entries[random(entries.size())]);
  std::string text(8, '\0');
  for (const std::string& entry : entries) text += (text.size() > 8 ? "," : "{") + entry;
  text += (text.size() > 8 ? "}" : "{}") + std::string(random(9), ' ');
  Bytes file(text.begin(), text.end());
  const std::size_t data = at < 4096 ? static_cast<std::size_t>(at) : 0;
  file.resize(file.size() + data, static_cast<unsigned char>(random(2)));
  repair(file, data);
  if (rarely()) file.resize(file.size() + random(3));
  return file;
}

}  // namespace

TEST_CASE("safetensors: 30,000 mutated files are read as the format says, or refused") {
  const float values[6] = {1, 2, 3, 4, 5, 6};
  const unsigned char bools[4] = {1, 0, 0, 1};
  std::vector<std::pair<Bytes, std::size_t>> seeds;
  seeds.emplace_back(SafetensorsWriter().to_bytes(), 0);
  SafetensorsWriter one, many;
  one.add("a", DType::F32, {2, 3}, values);
  seeds.emplace_back(one.to_bytes(), 24);
  many.set_metadata("format", "pt");
  many.set_metadata("note", "\x01 \xc3\xa9\n\"");
  many.add("hidden.weight", DType::F32, {2, 3}, values);
  many.add("mask", DType::BOOL, {4}, bools);
  many.add("empty", DType::I64, {0, 2}, nullptr);
  many.add("steps", DType::U16, {}, values);
  seeds.emplace_back(many.to_bytes(), 30);
  for (const auto& seed : seeds) REQUIRE(agree(seed.first));

  Random random{0x9e3779b97f4a7c15u};
  int accepted = 0;
  for (int i = 0; i < 3 * samples; ++i) {
    auto [file, data_bytes] = seeds[random(seeds.size())];
    for (auto n = 1 + random(3); n > 0; --n) mutate(file, random);
    if (random(4) != 0) repair(file, data_bytes);
    accepted += agree(file);
  }
  // Both sides of the line were visited.
  CHECK(accepted > samples / 20);
  CHECK(accepted < 2 * samples);
}

TEST_CASE("safetensors: 20,000 generated files are read as the format says, or refused") {
  Random random{0xd1b54a32d192ed03u};
  int accepted = 0;
  for (int i = 0; i < 2 * samples; ++i) accepted += agree(generate(random));
  CHECK(accepted > samples / 5);
  CHECK(accepted < samples * 3 / 2);
}
