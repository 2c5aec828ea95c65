// tenon/io/model.hpp: saves and loads any model as safetensors, by the names of its members.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   io::save(net, "digits.safetensors");       // "hidden.weight", "hidden.bias", ...
//   io::load(net, "digits.safetensors");       // into a model of the same structure
// Loading is strict: a tensor that is missing or left over, or has another element type or shape, is a format_error
// that names it, and the model stays as it was. Extents that are `dyn` in the model take the file's.
#pragma once
#include <tenon/io/safetensors.hpp>
#include <tenon/nn/module.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace io {

namespace detail {

template <class T>
struct FileType {
  static_assert(__is_same(T, void), "tenon: safetensors files hold no tensors of this element type (see T)");
};
#define TENON_DETAIL_FILE_TYPE(Type, Name)      \
  template <>                                   \
  struct FileType<Type> {                       \
    static constexpr DType value = DType::Name; \
  };
TENON_DETAIL_FILE_TYPE(bool, BOOL)
TENON_DETAIL_FILE_TYPE(half, F16)
TENON_DETAIL_FILE_TYPE(bfloat16, BF16)
TENON_DETAIL_FILE_TYPE(float, F32)
TENON_DETAIL_FILE_TYPE(double, F64)
#undef TENON_DETAIL_FILE_TYPE
template <class T>
requires(is_integer<T>) struct FileType<T> {
  static constexpr bool is_signed = T(-1) < T(0);
  static constexpr DType value = sizeof(T) == 1   ? (is_signed ? DType::I8 : DType::U8)
                                 : sizeof(T) == 2 ? (is_signed ? DType::I16 : DType::U16)
                                 : sizeof(T) == 4 ? (is_signed ? DType::I32 : DType::U32)
                                                  : (is_signed ? DType::I64 : DType::U64);
};

inline std::vector<index_t> shape_of(const Dims& d) { return std::vector<index_t>(d.d, d.d + d.rank); }
inline Dims dims_of(const std::vector<index_t>& shape) {
  Dims d;
  for (const index_t extent : shape) {
    if (d.rank == max_rank) break;
    d.push(extent);
  }
  return d;
}

// Checks that a file's entry can be a tensor of the given type and extents (dyn: any).
TENON_COLD inline void check_entry(const SafetensorsFile& file, const TensorEntry& entry, DType type,
                                   const Dims& extents) {
  const char* name = file.name().c_str();
  if (entry.dtype != type)
    fail<format_error>("%s: tensor %s has element type %s, the model's has %s", name, in_quotes(entry.name).c_str(),
                       name_of(entry.dtype).data(), name_of(type).data());
  bool fits = static_cast<int>(entry.shape.size()) == extents.rank;
  for (int i = 0; fits && i < extents.rank; ++i)
    fits = extents.d[i] == dyn || extents.d[i] == entry.shape[static_cast<std::size_t>(i)];
  if (fits) return;
  Message shape;
  shape << extents;
  fail<format_error>("%s: tensor %s has shape %s, the model's has %s", name, in_quotes(entry.name).c_str(),
                     shape_text(entry.shape).c_str(), shape.c_str());
}
// A tensor of a model, as loading sees it: no code is compiled for each type but `resize`.
struct Slot {
  std::string name;
  DType type;
  Dims wanted, current;
  void* tensor;
  void* data;
  void* (*resize)(void* tensor, const Dims& extents);
};
template <class X>
void* resize(void* tensor, const Dims& extents) {
  X& x = *static_cast<X*>(tensor);
  x = X(extents);
  return x.data();
}
template <class X>
Slot slot_of(const nn::Path& name, X& x) {
  // A tensor whose run-time extents have been set keeps them; an empty one takes the file's.
  const Dims current = x.dims(), wanted = x.size() > 0 ? current : X::extents_type::static_dims();
  void* (*resizes)(void*, const Dims&) = nullptr;
  if constexpr (!X::extents_type::is_static) resizes = &resize<X>;
  return {name.c_str(), FileType<typename X::value_type>::value, wanted, current, &x, x.data(), resizes};
}
TENON_COLD inline void load_slots(std::vector<Slot>& slots, const SafetensorsFile& file) {
  std::vector<const TensorEntry*> entries;
  for (const Slot& s : slots) {
    const TensorEntry* entry = file.find(s.name);
    if (!entry)
      fail<format_error>("%s has no tensor %s, which the model needs", file.name().c_str(), in_quotes(s.name).c_str());
    check_entry(file, *entry, s.type, s.wanted);
    entries.push_back(entry);
  }
  for (const TensorEntry& entry : file.entries()) {
    bool known = false;
    for (const TensorEntry* e : entries) known = known || e == &entry;
    if (!known)
      fail<format_error>("%s has a tensor %s, which the model lacks", file.name().c_str(),
                         in_quotes(entry.name).c_str());
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Slot& s = slots[i];
    const Dims extents = dims_of(entries[i]->shape);
    if (!(extents == s.current)) s.data = s.resize(s.tensor, extents);
    const auto bytes = file.bytes(*entries[i]);
    if (!bytes.empty()) std::memcpy(s.data, bytes.data(), bytes.size());
  }
}
TENON_COLD inline void add_tensor(SafetensorsWriter& writer, const std::string& prefix, const nn::Path& name,
                                  DType type, const Dims& extents, const void* data) {
  writer.add(prefix + name.c_str(), type, shape_of(extents), data);
}

}  // namespace detail

/// Adds all parameters and state of a model to a file, with `prefix` before their names.
template <class M>
void add_model(SafetensorsWriter& writer, const M& model, const std::string& prefix = "") {
  nn::for_each_state(model, [&](const nn::Path& name, const auto& tensor) {
    using T = typename bare_t<decltype(tensor)>::value_type;
    detail::add_tensor(writer, prefix, name, detail::FileType<T>::value, tensor.dims(), tensor.data());
  });
}
/// Writes all parameters and state of a model; io_error if the file cannot be written.
template <class M>
void save(const M& model, const std::string& path) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "tenon");
  add_model(writer, model);
  writer.write(path);
}
/// Takes all parameters and state of a model from a file that holds exactly them; format_error otherwise, and then the
/// model is as it was.
template <class M>
void load(M& model, const SafetensorsFile& file) {
  std::vector<detail::Slot> slots;
  nn::for_each_state(model,
                     [&](const nn::Path& name, auto& tensor) { slots.push_back(detail::slot_of(name, tensor)); });
  detail::load_slots(slots, file);
}
/// The same from the file at `path`; io_error if it cannot be read.
template <class M>
void load(M& model, const std::string& path) {
  load(model, SafetensorsFile(path));
}

}  // namespace io
}  // namespace TENON_ABI
}  // namespace tenon
