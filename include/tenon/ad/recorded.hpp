// tenon/ad/recorded.hpp: numbers that write down the ops they come from, so that a function need not run again.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A `recorded<T>` has its value and the number of the operation that made it; operations go to the list that is active
// on the thread. What is computed of constants only is a constant. A comparison gives a `recorded_bool`: `where`
// chooses by it again in every replay; a branch on it could not, and is an error (unless the list follows branches).
#pragma once
#include <tenon/ad/replay_rule.hpp>
#include <tenon/ad/segment.hpp>

namespace tenon {
inline namespace TENON_ABI {

struct RecordedDomain {
  static constexpr int rank = 1;
  template <class Op, class... X>
  static auto apply(const X&... x);
};

/// A number whose making is written down.
template <class T>
struct recorded {
  using tenon_domain = RecordedDomain;
  T value{};
  int node = 0;    // a constant; memory filled with zeros is a constant 0
  int unused = 0;  // no padding: equal numbers have equal bytes

  constexpr recorded() = default;
  template <class S>
  constexpr recorded(const S& constant) requires(is_real<S>) : value(static_cast<T>(constant)) {}
  constexpr recorded(const T& v, int n) : value(v), node(n) {}
  template <class S>
  recorded& operator+=(const S& x) {
    return *this = *this + x;
  }
  template <class S>
  recorded& operator-=(const S& x) {
    return *this = *this - x;
  }
  template <class S>
  recorded& operator*=(const S& x) {
    return *this = *this * x;
  }
  template <class S>
  recorded& operator/=(const S& x) {
    return *this = *this / x;
  }
};
/// Whether a comparison held when it was written down; `where` chooses by it.
template <class T>
struct recorded_bool {
  using tenon_domain = RecordedDomain;
  bool value = false;
  int node = 0;
  operator bool() const;
};

template <class T>
inline constexpr bool is_element<recorded<T>> = true;
template <class T>
inline constexpr bool is_element<recorded_bool<T>> = true;
template <class T>
struct ScalarTraits<recorded<T>> {
  using base = T;
  template <class B>
  using rebase = recorded<B>;
  using primal = recorded<T>;
  static constexpr bool taped = false, elementwise = false;
  static constexpr int tangents = 0;
};

namespace detail {
template <class X>
inline constexpr bool is_recorded = false;
template <class T>
inline constexpr bool is_recorded<recorded<T>> = true;
template <class X>
inline constexpr bool is_recorded_bool = false;
template <class T>
inline constexpr bool is_recorded_bool<recorded_bool<T>> = true;
}  // namespace detail

template <class T, class B>
requires(is_plain<B>&& is_real<B>) struct Promote<recorded<T>, B> {
  using type = recorded<T>;
};
template <class T, class B>
requires(is_plain<B>&& is_real<B>) struct Promote<B, recorded<T>> {
  using type = recorded<T>;
};
template <class A, class B>
struct Promote<recorded<A>, recorded<B>> {
  using type = recorded<promote_t<A, B>>;
};
template <class A, class T>
requires(differential<A>) struct Promote<A, recorded<T>> {
  using type = A;
};
template <class A, class T>
requires(differential<A>) struct Promote<recorded<T>, A> {
  using type = A;
};

namespace detail {

// An input or a constant (no rule), or an operation on earlier nodes.
template <class T>
struct ReplayNode {
  const ReplayRule<T>* rule = nullptr;
  int arg[3] = {};
  T value{};
};

// What is being written down on this thread.
template <class T>
class Recorder {
 public:
  explicit Recorder(bool branches) : follows_branches(branches), before_(active) {
    active = this;
    nodes.push({});  // 0 stands for constants
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder() { active = before_; }

  int add(const ReplayNode<T>& n) {
    if (nodes.size() == 0x7fffffff)
      raise<value_error>(Message() << "tenon: record: the function has more than 2^31 operations");
    nodes.push(n);
    return static_cast<int>(nodes.size() - 1);
  }
  int input(T value) { return add({nullptr, {}, value}); }
  // Constants come again in loops: a few are remembered.
  int constant(T value) {
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    int& known = constants_[(bits * 0x9e3779b97f4a7c15ull) >> 58];
    if (known == 0 || __builtin_memcmp(&nodes[known].value, &value, sizeof(T)) != 0) known = add({nullptr, {}, value});
    return known;
  }

  static inline thread_local Recorder* active = nullptr;
  const bool follows_branches;
  Grow<ReplayNode<T>> nodes;

 private:
  int constants_[64] = {};
  Recorder* before_;
};

template <class... X>
struct RecordedIn;
template <class X, class... Rest>
struct RecordedIn<X, Rest...> : RecordedIn<Rest...> {};
template <class T, class... Rest>
struct RecordedIn<recorded<T>, Rest...> {
  using type = T;
};
template <class T, class... Rest>
struct RecordedIn<recorded_bool<T>, Rest...> {
  using type = T;
};

// An operand's value, as the op takes it, and its node.
template <class T, bool Condition, class X>
auto replay_value(const X& x) {
  if constexpr (is_recorded_bool<X>) {
    if constexpr (Condition) {
      return x.value;
    } else {
      return static_cast<T>(x.value);
    }
  } else if constexpr (is_recorded<X>) {
    return static_cast<T>(x.value);
  } else if constexpr (__is_same(X, Literal)) {
    return static_cast<T>(x.value);
  } else if constexpr (Condition && is_bool<X>) {
    return x;
  } else {
    return static_cast<T>(x);
  }
}
template <class X>
int replay_node(const X& x) {
  if constexpr (is_recorded<X> || is_recorded_bool<X>) {
    return x.node;
  } else {
    return 0;
  }
}

template <class Op, class T, class... X>
auto write_down(const X&... x) {
  constexpr int n = static_cast<int>(sizeof...(X));
  static_assert(n <= 3, "tenon: record: this operation has more than three operands");
  constexpr bool selects = condition_first<Op>;
  const auto y = [&] {
    if constexpr (selects) {
      return [](const auto& c, const auto& a, const auto& b) {
        return tenon::apply<Op>(replay_value<T, true>(c) != 0, replay_value<T, false>(a), replay_value<T, false>(b));
      }(x...);
    } else {
      return tenon::apply<Op>(replay_value<T, false>(x)...);
    }
  }();
  constexpr bool compares = is_bool<bare_t<decltype(y)>>;
  int node = 0;
  Recorder<T>* const r = Recorder<T>::active;
  if (r && ((replay_node(x) > 0) || ...)) {
    ReplayNode<T> made{&replay_rule<Op, n, T, compares>, {}, static_cast<T>(y)};
    int k = 0;
    ((made.arg[k++] = replay_node(x) > 0 ? replay_node(x) : r->constant(static_cast<T>(replay_value<T, false>(x)))),
     ...);
    for (; k < 3; ++k) made.arg[k] = made.arg[0];
    node = r->add(made);
  }
  if constexpr (compares) {
    return recorded_bool<T>{y, node};
  } else {
    return recorded<T>(static_cast<T>(y), node);
  }
}

}  // namespace detail

template <class Op, class... X>
auto RecordedDomain::apply(const X&... x) {
  if constexpr ((differential<X> || ...)) {
    return DifferentialDomain::apply<Op>(x...);
  } else {
    return detail::write_down<Op, typename detail::RecordedIn<X...>::type>(x...);
  }
}

template <class T>
recorded_bool<T>::operator bool() const {
  const auto* r = detail::Recorder<T>::active;
  if (node > 0 && r && !r->follows_branches)
    raise<value_error>(Message() << "tenon: record: the function branches on the value of a number, so its operations "
                                    "are not the same for other inputs (use where, relu, minimum and the like)");
  return value;
}

}  // namespace TENON_ABI
}  // namespace tenon
