// tenon/nn/module.hpp: the walk over a model: its parameters and its state, with the names PyTorch would give them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model is a plain aggregate. Floating-point (and complex) tensors in it are parameters; integer tensors and Buffers
// are state; plain scalars are hyper-parameters. Members, vectors, arrays, optionals and variants of such are walked, a
// member's path is its name: "hidden.weight", "layers.0.bias". A Frozen part has state but no parameters.
//   nn::for_each_parameter(net, [](const nn::Path& name, auto& tensor) { ... });
//   nn::zip_parameters([](auto& p, auto& g) { p -= 0.1f * g; }, net, gradient);      // no names, no allocation
#pragma once
#include <tenon/nn/buffer.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// The name of a tensor within its model, such as "layers.0.weight"; at most 255 bytes.
class Path {
 public:
  static constexpr int capacity = 255;

  const char* c_str() const { return text_; }
  int size() const { return size_; }
  bool operator==(const char* other) const { return __builtin_strcmp(text_, other) == 0; }

  /// Appends a member's name; value_error if the path gets too long.
  void push(const char* name) {
    if (size_ > 0) append(".");
    append(name);
  }
  void push(index_t i) {
    char digits[21];
    int at = 20;
    digits[at] = 0;
    do digits[--at] = static_cast<char>('0' + i % 10);
    while ((i /= 10) != 0);
    push(digits + at);
  }
  /// Back to an earlier size().
  void cut(int size) {
    size_ = size;
    text_[size] = 0;
  }

 private:
  void append(const char* s) {
    const int n = static_cast<int>(__builtin_strlen(s));
    if (size_ + n > capacity)
      raise<value_error>(Message() << "tenon: the name of a parameter is longer than 255 bytes: " << text_);
    __builtin_memcpy(text_ + size_, s, static_cast<size_t>(n) + 1);
    size_ += n;
  }
  char text_[capacity + 1] = {};
  int size_ = 0;
};

namespace detail {

// Stands for a Path that nobody asked for.
struct NoPath {};

template <class X>
concept optional_like = tenon::detail::optional_like<X>;
template <class X>
concept variant_like = tenon::detail::variant_like<X>;
template <class X>
inline constexpr bool is_pointer = false;
template <class X>
inline constexpr bool is_pointer<X*> = __is_class(X) || __is_union(X);

template <class M>
struct NotWalked {
  static_assert(!is_pointer<M>, "tenon: a pointer to part of a model (M above) is not walked; hold the part by value");
};

// What a part that has no name of its own is called: the content of an optional, a variant or a Frozen.
struct Unnamed {};
template <class M, int I>
struct MemberName {
  const char* operator()() const { return member_name_text<M, I>(); }
};
struct IndexName {
  index_t i;
  index_t operator()() const { return i; }
};

template <class M, int I, class F, class... List>
void each_member(const F& f, const List&... list) {
  f(MemberName<M, I>{}, get<I>(list)...);
}
template <class M, class F, int... I, class... List>
void each_member(const F& f, Seq<I...>, const List&... list) {
  (each_member<M, I>(f, list...), ...);
}
// Whether x has parts, rather than being a leaf: a tensor, a Buffer, a number, something empty.
template <class B>
constexpr bool has_parts() {
  if constexpr (tenon::detail::is_tensor<B> || is_buffer<B> || is_element<B> || __is_enum(B) || __is_empty(B)) {
    return false;
  } else if constexpr (tenon::detail::sequence<B>) {
    return !is_element<typename B::value_type>;  // text, lists of numbers: hyper-parameters
  } else {
    return true;
  }
}
/// Calls f(name, part of x, part of y...) for each part of x and its counterparts in twins y; `name` is Unnamed or a
/// functor that gives a string or a number.
template <class F, class X, class... Y>
void each_part(const F& f, X& x, Y&... y) {
  using B = bare_t<X>;
  if constexpr (!has_parts<B>()) {
  } else if constexpr (tenon::detail::is_frozen<B>) {
    f(Unnamed{}, x.value, y.value...);
  } else if constexpr (optional_like<B>) {
    if (!((x.has_value() == y.has_value()) && ... && true))
      raise<value_error>(Message() << "tenon: models that are walked together differ in their optional parts");
    if (x.has_value()) f(Unnamed{}, *x, *y...);
  } else if constexpr (variant_like<B>) {
    tenon::detail::visit_alternative([&](auto& a, auto&... b) { f(Unnamed{}, a, b...); }, x, y...);
  } else if constexpr (tenon::detail::sequence<B>) {
    if (!((x.size() == y.size()) && ... && true))
      raise<value_error>(Message() << "tenon: models that are walked together have vectors of different lengths");
    for (size_t i = 0, n = x.size(); i < n; ++i) f(IndexName{static_cast<index_t>(i)}, x[i], y[i]...);
  } else if constexpr (__is_class(B)) {
    constexpr int members = member_count<B>;
    if constexpr (members > 0) each_member<B>(f, make_seq<members>{}, tie_members(x), tie_members(y)...);
  } else {
    static_cast<void>(NotWalked<B>());
  }
}

// Runs `go` with a part's name on the path.
template <class Name, class F>
void with_name(NoPath&, const Name&, const F& go) {
  go();
}
template <class F>
void with_name(Path&, const Unnamed&, const F& go) {
  go();
}
template <class Name, class F>
void with_name(Path& path, const Name& name, const F& go) {
  const int before = path.size();
  path.push(name());
  go();
  path.cut(before);
}

// Calls visit.parameter(path, x, y...) or visit.state(path, x, y...) for each tensor in x; y are twins of it.
template <class P, class V, class X, class... Y>
void walk(P& path, V& visit, X& x, Y&... y) {
  using B = bare_t<X>;
  if constexpr (tenon::detail::is_tensor<B>) {
    if constexpr (tenon::detail::has_derivative<typename B::value_type>) {
      visit.parameter(path, x, y...);
    } else {
      visit.state(path, x, y...);
    }
  } else if constexpr (is_buffer<B>) {
    visit.state(path, x.value(), y...);
  } else if constexpr (!tenon::detail::is_frozen<B> || V::all) {
    each_part(
        [&](const auto& name, auto& a, auto&... b) { with_name(path, name, [&] { walk(path, visit, a, b...); }); }, x,
        y...);
  }
}

template <class F>
struct VisitParameters {
  static constexpr bool all = false;
  const F& f;
  template <class... X>
  void parameter(const Path& path, X&... x) {
    f(path, x...);
  }
  template <class... X>
  void parameter(const NoPath&, X&... x) {
    f(x...);
  }
  template <class... X>
  void state(X&&...) {}
};
template <class F>
struct VisitState {
  static constexpr bool all = true;
  const F& f;
  template <class X>
  void parameter(const Path& path, X& x) {
    f(path, x);
  }
  template <class X>
  void state(const Path& path, X& x) {
    f(path, x);
  }
};

}  // namespace detail

/// Calls f(name, tensor) for each parameter of the model, in order of declaration; `name` is a Path. Frozen parts have
/// none.
template <class M, class F>
void for_each_parameter(M& model, const F& f) {
  detail::VisitParameters<F> visit{f};
  Path path;
  detail::walk(path, visit, model);
}
/// Calls f(name, tensor) for all that is saved with a model: parameters, frozen ones too, integer tensors and buffers.
template <class M, class F>
void for_each_state(M& model, const F& f) {
  detail::VisitState<F> visit{f};
  Path path;
  detail::walk(path, visit, model);
}
/// Calls f(parameter, twin...) for each parameter of the model and its counterparts in models of the same structure
/// (gradients, an optimiser's state). Allocates nothing. value_error if vectors in them differ in length.
template <class F, class M, class... N>
void zip_parameters(const F& f, M& model, N&... twin) {
  detail::VisitParameters<F> visit{f};
  detail::NoPath path;
  detail::walk(path, visit, model, twin...);
}
/// The number of elements of all parameters.
template <class M>
index_t parameter_count(const M& model) {
  index_t n = 0;
  zip_parameters([&](const auto& p) { n += p.size(); }, model);
  return n;
}

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
