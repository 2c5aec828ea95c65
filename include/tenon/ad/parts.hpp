// tenon/ad/parts.hpp: the rev numbers and tensors that a value is made of, in order, and what is done with their slots.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A result, or the state of a loop, is a number, a tensor, or a struct or container of such. Its adjoints are given one
// range of slots; another value of the same parts finds them there by walking in the same order.
#pragma once
#include <tenon/ad/lift.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// The tag of the outermost rev layer of the numbers in X; void if they have none.
template <class X>
struct RevTag {
  using type = void;
  using number = void;  // the first of the numbers
};
template <class X>
using rev_tag = typename RevTag<X>::type;
template <class... X>
struct FirstRevTag {
  using type = void;
  using number = void;
};
template <class X, class... Rest>
struct FirstRevTag<X, Rest...> : RevTag<X> {};
template <class X, class... Rest>
requires(__is_same(rev_tag<X>, void)) struct FirstRevTag<X, Rest...> : FirstRevTag<Rest...> {
};
template <class T, class Tag>
struct RevTag<rev<T, Tag>> {
  using type = Tag;
  using number = rev<T, Tag>;
};
template <class T, int N, class Tag>
struct RevTag<dual<T, N, Tag>> : RevTag<T> {};
template <class T, index_t... E>
struct RevTag<Tensor<T, E...>> : RevTag<T> {};
template <class X>
requires(sequence<X> || optional_like<X>) struct RevTag<X> : RevTag<typename X::value_type> {
};
template <template <class...> class V, class... A>
requires(variant_like<V<A...>>) struct RevTag<V<A...>> : FirstRevTag<A...> {
};
template <class List>
struct RevTagOfRefs;
template <class... X>
struct RevTagOfRefs<RefList<X&...>> : FirstRevTag<bare_t<X>...> {};
template <class X>
requires(__is_class(X) && !is_element<X> && !is_tensor<X> && !is_view<X> && !sequence<X> && !optional_like<X> &&
         !variant_like<X> && has_members<X>) struct RevTag<X> : RevTagOfRefs<decltype(tie_members(some<X&>()))> {
};

// Calls f.number(x) and f.tensor(x) for the numbers of Tag's layer, and the tensors of such, that x is made of.
template <class Tag, class Part, class F>
void each_part(Part& x, F& f) {
  using X = bare_t<Part>;
  if constexpr (is_tensor<X>) {
    using T = typename X::value_type;
    if constexpr (is_taped<T>) {
      if constexpr (__is_same(typename Layer<T>::tag, Tag)) f.tensor(x);
    } else if constexpr (has_tag<T, Tag>) {
      for (index_t i = 0, n = x.size(); i < n; ++i) each_part<Tag>(x.data()[i], f);
    }
  } else if constexpr (is_element<X>) {
    if constexpr (has_tag<X, Tag>) {
      if constexpr (__is_same(typename Layer<X>::tag, Tag)) {
        f.number(x);
      } else {
        each_part<Tag>(x.value, f);
        if constexpr (is_dual<X>)
          for (int k = 0; k < X::tangents; ++k) each_part<Tag>(x.tangent[k], f);
      }
    }
  } else if constexpr (optional_like<X>) {
    if (x.has_value()) each_part<Tag>(*x, f);
  } else if constexpr (variant_like<X>) {
    visit_alternative([&](auto& a) { each_part<Tag>(a, f); }, x);
  } else if constexpr (sequence<X>) {
    if constexpr (requires { x.data() + x.size(); }) {  // a matrix of Eigen's has no range of its elements
      for (auto *e = x.data(), *const end = e + x.size(); e != end; ++e) each_part<Tag>(*e, f);
    } else {
      for (auto& e : x) each_part<Tag>(e, f);
    }
  } else if constexpr (__is_class(X) && has_members<X>) {
    for_each_member(x, [&](auto& m) { each_part<Tag>(m, f); });
  }
}

// Walks through a range of slots along with the parts.
struct SlotCursor {
  slot_t first = 0;
  index_t at = 0;
  slot_t next(index_t n, index_t units) {
    const slot_t slot = first + static_cast<slot_t>(at);
    at += (n * units + 1) / 2 * 2;  // all are aligned to 8 bytes
    return slot;
  }
};
template <class Tag>
struct CountUnits : SlotCursor {
  template <class X>
  void number(X&) {
    next(1, units_of<typename X::inner>);
  }
  template <class X>
  void tensor(X& x) {
    next(x.size(), units_of<typename X::value_type::inner>);
  }
};
template <class Tag>
struct SetSlots : SlotCursor {
  template <class X>
  void number(X& x) {
    x.slot = next(1, units_of<typename X::inner>);
  }
  template <class X>
  void tensor(X& x) {
    x.storage().slots = BlockRef();
    x.storage().slot = next(x.size(), units_of<typename X::value_type::inner>);
  }
};
// Calls `add.template run<A>(slot, from, i)` for the numbers, whose adjoints are of type A: theirs is at `slot`, what
// the range has for them is element i from `from` on.
template <class Tag, class Add>
struct EachAdjoint : SlotCursor {
  Add add;
  EachAdjoint(slot_t range, const Add& f) : SlotCursor{range}, add(f) {}
  template <class X>
  void number(X& x) {
    add.template run<compute_t<typename X::inner>>(x.slot, next(1, units_of<typename X::inner>), 0);
  }
  template <class X>
  void tensor(X& x) {
    using R = typename X::value_type;
    const slot_t from = next(x.size(), units_of<typename R::inner>);
    for (index_t i = 0, n = x.size(); i < n; ++i)
      add.template run<compute_t<typename R::inner>>(Element<R>::slot_of(x.storage(), i), from, i);
  }
};
// Adds the adjoints that are in a range of slots.
struct AddAdjoints {
  Tape& tape;
  template <class A>
  void run(slot_t to, slot_t from, index_t i) const {
    if (!tape.owns(to)) return;
    A& adjoint = *tape.adjoint<A>(to);
    adjoint = static_cast<A>(apply<op::Add>(adjoint, tape.adjoint<A>(from)[i]));
  }
};

// Writes the slots of the numbers, one after the other, unless `out` is null; counts them.
struct ListSlots {
  slot_t* out;
  index_t count = 0;
  template <class X>
  void number(X& x) {
    if (out) out[count] = x.slot;
    ++count;
  }
  template <class X>
  void tensor(X& x) {
    const index_t n = x.size();
    for (index_t i = 0; out && i < n; ++i)
      out[count + i] = Element<typename bare_t<X>::value_type>::slot_of(x.storage(), i);
    count += n;
  }
};
class SlotList {
 public:
  template <class Tag, class X>
  SlotList(TypeTag<Tag>, X& x) {
    ListSlots counter{nullptr};
    each_part<Tag>(x, counter);
    size = counter.count;
    block_ = BlockRef(static_cast<size_t>(size) * sizeof(slot_t));
    ListSlots list{reinterpret_cast<slot_t*>(block_.data())};
    each_part<Tag>(x, list);
  }
  const slot_t* data() const { return reinterpret_cast<const slot_t*>(block_.data()); }
  index_t size;

 private:
  BlockRef block_;
};

template <class Tag, class X>
index_t units_of_parts(X& x) {
  CountUnits<Tag> count;
  each_part<Tag>(x, count);
  return count.at;
}
template <class Tag, class X>
void set_slots(X& x, slot_t first) {
  SetSlots<Tag> set{{first}};
  each_part<Tag>(x, set);
}
template <class Tag, class X>
void add_adjoints_of_parts(Tape& tape, X& x, slot_t first) {
  EachAdjoint<Tag, AddAdjoints> add(first, {tape});
  each_part<Tag>(x, add);
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
