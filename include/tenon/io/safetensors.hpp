// tenon/io/safetensors.hpp: reads and writes safetensors files as named, typed, shaped bytes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// This is the container below the saving and loading of models: it knows names, element types, shapes and bytes, not
// tensors. A file is read whole and checked whole before anything of it is handed out, so an entry that one can see is
// one whose bytes are there; hostile files are refused with a format_error. A file is written beside its place and then
// renamed, so a reader never sees half of it and a failed write leaves the old one.
// Example: SafetensorsWriter w;  w.add("bias", DType::F32, {3}, bias);  w.write("m.safetensors");
//          SafetensorsFile f("m.safetensors");  auto bytes = f.bytes(f.at("bias"));
#pragma once
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <span>

#include <tenon/io/safetensors_header.hpp>
#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace tenon {
inline namespace TENON_ABI {
namespace io {

/// A safetensors file in memory, wholly checked; movable, not copyable.
class SafetensorsFile {
 public:
  /// Reads the file at `path`; throws io_error if it cannot be read and format_error if it is not valid.
  TENON_COLD explicit SafetensorsFile(const std::string& path) : name_(path_in_quotes(path)) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) fail<io_error>("cannot open %s: %s", name_.c_str(), std::strerror(errno));
    const Closer closer{file};
    unsigned char prefix[8];
    errno = 0;
    const std::size_t got = std::fread(prefix, 1, sizeof prefix, file);
    if (std::ferror(file)) fail<io_error>("cannot read %s: %s", name_.c_str(), std::strerror(errno));
    if (std::fseek(file, 0, SEEK_END) != 0) fail<io_error>("cannot read %s: not a regular file", name_.c_str());
    // The size of the file, not what its header claims, bounds what is allocated.
    const long size = std::ftell(file);
    const std::size_t header_bytes = check_prefix({prefix, got}, size < 0 ? 0 : static_cast<std::size_t>(size));
    const std::size_t data_bytes = static_cast<std::size_t>(size) - sizeof prefix - header_bytes;
    std::string text(header_bytes, '\0');
    buffer_.allocate(data_bytes);
    if (std::fseek(file, sizeof prefix, SEEK_SET) != 0 ||
        std::fread(text.data(), 1, header_bytes, file) != header_bytes ||
        std::fread(buffer_.data, 1, data_bytes, file) != data_bytes)
      fail<io_error>("cannot read %s: it became shorter while it was read", name_.c_str());
    data_ = {buffer_.data, data_bytes};
    header_ = parse_safetensors_header(text, data_bytes, name_);
    check_bools();
  }

  /// Views a whole file in memory, which must stay alive; `name` stands for the file in messages. Throws format_error.
  explicit SafetensorsFile(std::span<const unsigned char> bytes, const std::string& name = "memory")
      : name_(path_in_quotes(name)) {
    const std::size_t header_bytes = check_prefix(bytes, bytes.size());
    data_ = bytes.subspan(8 + header_bytes);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, header_bytes);
    header_ = parse_safetensors_header(text, data_.size(), name_);
    check_bools();
  }

  /// The file's name in quotes, for messages.
  const std::string& name() const { return name_; }
  /// All tensors, in the order of their data.
  const std::vector<TensorEntry>& entries() const { return header_.entries; }
  /// The text pairs of "__metadata__".
  const std::vector<MetadataEntry>& metadata() const { return header_.metadata; }

  /// The entry of that name, or null.
  const TensorEntry* find(std::string_view tensor) const {
    for (const TensorEntry& e : entries())
      if (e.name == tensor) return &e;
    return nullptr;
  }

  /// The entry of that name; throws format_error if there is none.
  const TensorEntry& at(std::string_view tensor) const {
    const TensorEntry* entry = find(tensor);
    if (!entry) fail<format_error>("%s has no tensor %s", name_.c_str(), in_quotes(tensor).c_str());
    return *entry;
  }

  /// The bytes of an entry of this file: aligned for its type when the file was read from a path and its writer aligned
  /// them, as this one does (copy them with memcpy to be safe). BOOL bytes are 0 or 1.
  std::span<const unsigned char> bytes(const TensorEntry& entry) const {
    if (entry.begin > entry.end || entry.end > data_.size())
      fail<format_error>("%s: tensor %s is of another file", name_.c_str(), in_quotes(entry.name).c_str());
    return data_.subspan(entry.begin, entry.end - entry.begin);
  }

 private:
  struct Closer {
    std::FILE* file;
    ~Closer() { std::fclose(file); }
  };
  // Aligned and not cleared, unlike a vector.
  struct Buffer {
    unsigned char* data = nullptr;
    Buffer() = default;
    Buffer(Buffer&& other) noexcept : data(other.data) { other.data = nullptr; }
    Buffer& operator=(Buffer&& other) noexcept {
      unsigned char* mine = data;
      data = other.data;
      other.data = mine;
      return *this;
    }
    ~Buffer() { ::operator delete (data, std::align_val_t{alignment}); }
    void allocate(std::size_t bytes) {
      data = static_cast<unsigned char*>(::operator new (bytes, std::align_val_t{alignment}));
    }
  };

  // Checks the length at the start of the file against the file's size; gives the header's length.
  TENON_COLD std::size_t check_prefix(std::span<const unsigned char> start, std::size_t file_bytes) const {
    const char* name = name_.c_str();
    if (start.size() < 8 || file_bytes < 8)
      fail<format_error>("%s is not a valid safetensors file: it has %zu bytes, the header's length alone has 8", name,
                         file_bytes);
    unsigned long long length = 0;
    for (unsigned i = 0; i < 8; ++i) length |= static_cast<unsigned long long>(start[i]) << (8 * i);
    if (length > max_header_bytes)
      fail<format_error>("%s is not a valid safetensors file: its header claims %llu bytes, more than the allowed %zu",
                         name, length, max_header_bytes);
    if (length > file_bytes - 8)
      fail<format_error>("%s is not a valid safetensors file: its header claims %llu bytes, but only %zu follow", name,
                         length, file_bytes - 8);
    return static_cast<std::size_t>(length);
  }

  // A bool that is neither 0 nor 1 is undefined behaviour in C++, so such bytes stop here.
  TENON_COLD void check_bools() const {
    for (const TensorEntry& e : entries()) {
      if (e.dtype != DType::BOOL) continue;
      for (const unsigned char byte : bytes(e))
        if (byte > 1)
          fail<format_error>("%s is not a valid safetensors file: tensor %s: BOOL byte %d is neither 0 nor 1",
                             name_.c_str(), in_quotes(e.name).c_str(), byte);
    }
  }

  std::string name_;
  Buffer buffer_;
  std::span<const unsigned char> data_;
  SafetensorsHeader header_;
};

/// Collects tensors and writes them as one safetensors file; the tensors' bytes are not copied before.
class SafetensorsWriter {
 public:
  /// Adds a tensor of row-major elements at `data`, which must stay as they are until write() or to_bytes().
  /// Throws format_error for a name that is taken, reserved or not UTF-8, and for a shape that is not allowed.
  TENON_COLD void add(const std::string& name, DType dtype, const std::vector<index_t>& shape, const void* data) {
    const index_t bytes = byte_count(dtype, shape);
    const char* problem = name == "__metadata__" ? "the name is reserved"
                          : !is_utf8(name)       ? "the name is not valid UTF-8"
                          : bytes < 0            ? "the shape is negative, too long or too big"
                                                 : nullptr;
    for (const Item& item : tensors_)
      if (item.entry.name == name) problem = "the name is taken";
    if (problem) fail<format_error>("cannot add the tensor %s: %s", in_quotes(name).c_str(), problem);
    tensors_.push_back({{name, dtype, shape, 0, static_cast<std::size_t>(bytes)}, data});
  }

  /// Sets a text pair of "__metadata__"; throws format_error if either is not UTF-8.
  TENON_COLD void set_metadata(const std::string& key, const std::string& value) {
    if (!is_utf8(key) || !is_utf8(value))
      fail<format_error>("cannot add the metadata %s: not valid UTF-8", in_quotes(key).c_str());
    for (MetadataEntry& m : metadata_)
      if (m.key == key) return void(m.value = value);
    metadata_.push_back({key, value});
  }

  /// The whole file in memory.
  TENON_COLD std::vector<unsigned char> to_bytes() const {
    const std::vector<const Item*> order = data_order();
    const std::string start = length_and_header(order);
    std::size_t bytes = start.size();
    for (const Item* item : order) bytes += item->entry.end;
    std::vector<unsigned char> out(bytes);
    std::memcpy(out.data(), start.data(), start.size());
    bytes = start.size();
    for (const Item* item : order) {
      if (item->entry.end) std::memcpy(out.data() + bytes, item->data, item->entry.end);
      bytes += item->entry.end;
    }
    return out;
  }

  /// Writes the file at `path`, replacing an older one in one step; throws io_error, and then the older one is intact.
  TENON_COLD void write(const std::string& path) const {
    const std::vector<const Item*> order = data_order();
    const std::string start = length_and_header(order);
    std::string temporary;
    std::FILE* file = nullptr;
    // The number only avoids another writer's file; "x" makes sure of it.
    for (int i = 0; !file && i < 10000; ++i) {
      temporary = path;
      temporary += ".part";
      temporary += std::to_string(i);
      file = std::fopen(temporary.c_str(), "wbx");
      if (!file && errno != EEXIST) break;
    }
    if (!file) fail<io_error>("cannot write %s: %s", path_in_quotes(path).c_str(), std::strerror(errno));
    bool good = std::fwrite(start.data(), 1, start.size(), file) == start.size();
    for (const Item* item : order)
      good = good && (!item->entry.end || std::fwrite(item->data, 1, item->entry.end, file) == item->entry.end);
    good = good && std::fflush(file) == 0;
#if __has_include(<unistd.h>)
    good = good && ::fsync(::fileno(file)) == 0;  // the bytes before the name, should the machine stop
#endif
    int reason = good ? 0 : errno;
    if (std::fclose(file) != 0 && good) good = false, reason = errno;
    if (good && std::rename(temporary.c_str(), path.c_str()) != 0) good = false, reason = errno;
    if (good) return;
    std::remove(temporary.c_str());
    fail<io_error>("cannot write %s: %s", path_in_quotes(path).c_str(), std::strerror(reason));
  }

 private:
  struct Item {
    TensorEntry entry;  // `end` holds the byte count
    const void* data;
  };

  TENON_COLD static bool is_utf8(std::string_view text) {
    for (std::size_t at = 0, step; at < text.size(); at += step)
      if ((step = utf8_length(text, at)) == 0) return false;
    return true;
  }

  // The format allows no padding between tensors, so the widest elements come first: all are then aligned.
  TENON_COLD std::vector<const Item*> data_order() const {
    std::vector<const Item*> order;
    for (std::size_t size = 8; size > 0; size /= 2)
      for (const Item& item : tensors_)
        if (size_of(item.entry.dtype) == size) order.push_back(&item);
    return order;
  }

  TENON_COLD static void append_json(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
      char escape[8] = {c};
      if (c == '"' || c == '\\') std::snprintf(escape, sizeof escape, "\\%c", c);
      if (static_cast<unsigned char>(c) < 0x20) std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    }
    out += '"';
  }

  TENON_COLD std::string length_and_header(const std::vector<const Item*>& order) const {
    std::string out(8, '\0');
    out += '{';
    for (const MetadataEntry& m : metadata_) {
      out += &m == metadata_.data() ? "\"__metadata__\":{" : ",";
      append_json(out, m.key);
      out += ':';
      append_json(out, m.value);
    }
    if (!metadata_.empty()) out += '}';
    std::size_t offset = 0;
    for (const Item* item : order) {
      const TensorEntry& e = item->entry;
      if (out.back() != '{') out += ',';
      append_json(out, e.name);
      out += ":{\"dtype\":\"";
      out += name_of(e.dtype);
      out += "\",\"shape\":";
      out += shape_text(e.shape);
      char offsets[80];
      std::snprintf(offsets, sizeof offsets, ",\"data_offsets\":[%zu,%zu]}", offset, offset + e.end);
      out += offsets;
      offset += e.end;
    }
    out += '}';
    while (out.size() % 8 != 0) out += ' ';
    const std::size_t length = out.size() - 8;
    if (length > max_header_bytes) fail<format_error>("safetensors: the header would be longer than allowed");
    for (unsigned i = 0; i < 8; ++i) out[i] = static_cast<char>(static_cast<unsigned char>(length >> (8 * i)));
    return out;
  }

  std::vector<Item> tensors_;
  std::vector<MetadataEntry> metadata_;
};

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
