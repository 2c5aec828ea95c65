// tenon/exec/explain.hpp: explain(e): the loops an expression runs as, fusion, temporaries, bytes, FLOPs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   std::cout << explain(relu(matmul(x, w) + b));
//   1  contract [32, 784] x [784, 128], epilogue relu(add(%0, a)) -> [32, 128] float32
//   1 loop, 0 temporaries, 6.43 MFLOP, reads 502 kB, writes 16.4 kB
// The plan is what the executors do: the schedule follows from types and extents, so explaining evaluates nothing.
#pragma once
#include <tenon/base/text.hpp>
#include <tenon/exec/explain_order.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/contract.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What evaluating an expression takes. FLOPs count each op of a program once per element.
struct Plan {
  int loops = 0;        ///< passes over memory: pointwise loops, reductions, contractions, opaque ops
  int temporaries = 0;  ///< intermediate tensors
  double flops = 0, bytes_read = 0, bytes_written = 0;
  Text text{};
  const char* c_str() const { return text.c_str(); }
};

namespace detail {

// Consumers that run as the epilogue of a contraction.
template <class N>
struct DirectFusion {
  static constexpr bool possible = false;
};
template <class N>
requires requires(const N& n) { exec::DirectWrite<N>::contraction(n); }
struct DirectFusion<N> : exec::DirectWrite<N> {};

struct Explainer {
  Plan& plan;
  int leaves = 0;
  const void* product = nullptr;  // whose epilogue is being described
  explicit Explainer(Plan& p) : plan(p) {}

  static double bytes_of(const Dims& d, size_t element) {
    return static_cast<double>(d.size()) * static_cast<double>(element);
  }
  void extents(const Dims& d) {
    Message m;
    m << d;
    plan.text.append(m.c_str(), m.size());
  }
  static void number(Text& t, int k) { t << '%' << k; }

  // ---- what a node is called inside its consumer's program ----
  template <class T, class E, class H, bool D>
  void name(Text& t, const Leaf<T, E, H, D>&) {
    leaf(t);
  }
  template <class T, class E>
  void name(Text& t, const Value<T, E>&) {
    leaf(t);
  }
  template <class T>
  void name(Text& t, const Scalar<T>& s) {
    if constexpr (is_plain<T> && is_real<T>) {
      const double x = static_cast<double>(s.number);
      const long long whole = x > -1e15 && x < 1e15 ? static_cast<long long>(x) : 0;
      if (static_cast<double>(whole) == x) {
        t << whole;
        return;
      }
    }
    t << "number";
  }
  template <class Op, class T, class Args, class... N>
  void name(Text& t, const Map<Op, T, Args, N...>& n) {
    t << Op::name << '(';
    names(t, n, make_seq<static_cast<int>(sizeof...(N))>{});
    t << ')';
  }
  template <class M, int... I>
  void names(Text& t, const M& n, Seq<I...>) {
    ((t << (I ? ", " : ""), name(t, operand_at<I>(n.operands))), ...);
  }
  template <class M, class A>
  void name(Text& t, const Movement<M, A>& n) {
    name(t, n.arg);
  }
  template <class A, class R>
  void name(Text& t, const Unpacked<A, R>& n) {
    name(t, n.arg);
  }
  template <class N>
  requires(cut_node<N>) void name(Text& t, const N& n) { number(t, find(&n)); }
  void leaf(Text& t) {
    if (leaves < 26) {
      t << static_cast<char>('a' + leaves);
    } else {
      t << 'a' << leaves;
    }
    ++leaves;
  }
  // A cut and its first operand may share their address: the type tells them apart.
  struct Cut {
    const void* node;
    const void* type;
  };
  template <class N>
  static constexpr char type_mark = 0;
  static constexpr int most = 64;
  Cut cut[most] = {};
  int known = 0;
  template <class N>
  int find(const N* n) const {
    for (int i = 0; i < known; ++i)
      if (cut[i].node == n && cut[i].type == &type_mark<N>) return i + 1;
    return 0;
  }

  // ---- cuts below a node, in the order they run ----
  template <class N>
  void below(const N& n) {
    if constexpr (cut_node<N>) {
      value(n);
    } else if constexpr (requires { n.operands; }) {
      below_operands(n, make_seq<N::operand_types::size>{});
    } else if constexpr (requires { n.arg; }) {
      below(n.arg);
    }
  }
  template <class N, int... I>
  void below_operands(const N& n, Seq<I...>) {
    (below(operand_at<I>(n.operands)), ...);
  }
  template <class N>
  double flops_of(const N& n) {
    if constexpr (cut_node<N>) {
      return 0;
    } else if constexpr (requires { n.operands; }) {
      return static_cast<double>(n.extents().size()) + flops_operands(n, make_seq<N::operand_types::size>{});
    } else if constexpr (requires { n.arg; }) {
      return flops_of(n.arg);
    } else {
      return 0;
    }
  }
  template <class N, int... I>
  double flops_operands(const N& n, Seq<I...>) {
    return (flops_of(operand_at<I>(n.operands)) + ... + 0.0);
  }
  // What a loop reads: leaves, and the values of cuts below it except of the one that it is the epilogue of.
  template <class N>
  void reads(const N& n) {
    if constexpr (cut_node<N>) {
      if (static_cast<const void*>(&n) != product)
        plan.bytes_read += bytes_of(n.extents().dims(), sizeof(primal_t<typename N::value_type>));
    } else if constexpr (requires { typename N::operand_types; }) {
      reads_operands(n, make_seq<N::operand_types::size>{});
    } else {
      n.each_leaf([&](const void*, const StridedMap& m, index_t bytes, bool) {
        StridedMap u = m;
        for (int a = 0; a < u.extents.rank; ++a)
          if (u.strides.d[a] == 0) u.extents.d[a] = 1;
        plan.bytes_read += static_cast<double>(u.extents.size()) * static_cast<double>(bytes);
      });
    }
  }

  template <class N, int... I>
  void reads_operands(const N& n, Seq<I...>) {
    (reads(operand_at<I>(n.operands)), ...);
  }

  int start() {
    plan.text << ++plan.loops << "  ";
    return plan.loops;
  }
  template <class N>
  void finish(const N& n, bool temporary) {
    finish<typename N::value_type>(n.extents().dims(), temporary);
  }
  template <class T>
  void finish(const Dims& d, bool temporary) {
    plan.text << " -> ";
    extents(d);
    plan.text << ' ' << dtype_name<base_t<T>>();
    if (temporary) ++plan.temporaries;
    plan.bytes_written += bytes_of(d, sizeof(primal_t<T>));
  }

  // A cut as a temporary: its own loop, known to its consumer by number.
  template <class N>
  void value(const N& n) {
    if (find(&n)) return;
    cut_loop(n, true);
    number_as({&n, &type_mark<N>});
  }
  void number_as(const Cut& c) {
    plan.text << "  =: %" << known + 1 << '\n';
    if (known < most) cut[known++] = c;
  }
  template <class N>
  void cut_loop(const N& n, bool temporary) {
    if (n.cache.ready) {
      start();
      plan.text << "load (already computed)";
      finish(n, temporary);
      return;
    }
    if constexpr (requires {
                    N::mask;
                    typename N::operation;
                  }) {
      const auto& x = n.template operand<0>();
      below(x);
      start();
      plan.text << N::operation::name << " over axes";
      for (int a = 0; a < bare_t<decltype(x)>::rank; ++a)
        if (N::mask >> a & 1u) plan.text << ' ' << a;
      plan.text << " of ";
      extents(x.extents().dims());
      plan.text << ' ';
      name(plan.text, x);
      plan.flops += flops_of(x) + static_cast<double>(x.extents().size());
      reads(x);
    } else {
      loop_of(n);
    }
    finish(n, temporary);
  }
  template <class N>
  void loop_of(const N& n) {
    if constexpr (exec::detail::is_ordered<N>) {
      explain_ordered(*this, n);
    } else {
      memory_operands(n, make_seq<N::arity>{});
      start();
      call(n);
      operands(n, make_seq<N::arity>{});
    }
  }
  template <class N>
  void call(const N& n) {
    if constexpr (requires { N::name; }) {
      plan.text << N::name;
    } else {
      plan.text << "opaque";
    }
    if constexpr (requires { N::spec::labels(); }) {
      constexpr ContractionLabels l = N::spec::labels();
      count_products(l, n.template operand<0>().extents().dims(), n.template operand<1>().extents().dims());
    }
  }
  void count_products(const ContractionLabels& l, const Dims& a, const Dims& b) {
    double f = 2;
    for (int k = 0; k < l.count; ++k) {
      const index_t x = l.a[k] < 0 ? 1 : a.d[l.a[k]], y = l.b[k] < 0 ? 1 : b.d[l.b[k]];
      f *= static_cast<double>(x == 1 ? y : x);
    }
    plan.flops += f;
  }
  // Operands that are programs are evaluated into temporaries of their own, or while they are packed.
  template <class N, int... I>
  void memory_operands(const N& n, Seq<I...>) {
    ((packed<I>(n) ? below(n.template operand<I>()) : memory_operand(n.template operand<I>())), ...);
  }
  // Whether an operand of a contraction is computed while it is packed.
  template <int I, class N>
  static bool packed(const N& n) {
    if constexpr (requires { N::spec::labels(); }) {
      return exec::detail::is_packed<I>(n);
    } else {
      return false;
    }
  }
  template <class A>
  void memory_operand(const A& a) {
    if constexpr (exec::detail::repeats_computed<A>) return memory_operand(a.arg);
    below(a);
    if constexpr (!cut_node<A> && !exec::detail::is_memory<A>) {
      start();
      plan.text << "loop ";
      name(plan.text, a);
      plan.flops += flops_of(a);
      reads(a);
      finish(a, true);
      plan.text << '\n';
    }
  }
  template <class N, int... I>
  void operands(const N& n, Seq<I...>) {
    (operand(I, n.template operand<I>(), packed<I>(n)), ...);
  }
  template <class A>
  void operand(int i, const A& a, bool computed) {
    plan.text << (i ? " x " : " ");
    if (computed) {
      name(plan.text, a);
      plan.text << ' ';
      plan.flops += flops_of(a);
    }
    extents(a.extents().dims());
    reads(a);
  }

  template <class N>
  void root(const N& n) {
    if constexpr (cut_node<N>) {
      cut_loop(n, false);
    } else {
      const bool fused = fused_root(n);
      if (!fused) {
        below(n);
        start();
        plan.text << "loop ";
        name(plan.text, n);
        plan.flops += flops_of(n);
        reads(n);
        finish(n, false);
        if constexpr (exec::has_short_axis<N, typename N::value_type>)
          plan.text << ", in registers with the reductions above";
        else if constexpr (exec::goes_by_rows<N>)
          if (bytes_of(n.extents().dims(), sizeof(primal_t<typename N::value_type>)) >= 2 * exec::row_block_bytes)
            plan.text << ", by blocks of rows with the reductions above";
      }
    }
    plan.text << '\n';
  }
  // One contraction whose consumer runs as its epilogue.
  template <class N>
  bool fused_root(const N& n) {
    if constexpr (DirectFusion<N>::possible) {
      const auto& c = DirectFusion<N>::contraction(n);
      if (!(c.extents().dims() == n.extents().dims()) || c.cache.ready) return false;
      loop_of(c);
      plan.text << ", epilogue ";
      name(plan.text, n);
      plan.flops += flops_of(n);
      product = &c;
      reads(n);
      finish(n, false);
      return true;
    } else {
      return false;
    }
  }
};

}  // namespace detail

/// The plan of an expression; nothing is evaluated. (A named expression that is costly has been evaluated when it was
/// used before: the plan then says "already computed".)
template <expression X>
Plan explain(const X& x) {
  Plan plan;
  detail::Explainer e(plan);
  if constexpr (tensor_like<X>) {
    e.root(x.leaf());
  } else {
    e.root(x);
  }
  plan.text << plan.loops << (plan.loops == 1 ? " loop, " : " loops, ") << plan.temporaries
            << (plan.temporaries == 1 ? " temporary, " : " temporaries, ");
  plan.text.count(plan.flops) << "FLOP, reads ";
  plan.text.count(plan.bytes_read) << "B, writes ";
  plan.text.count(plan.bytes_written) << "B\n";
  return plan;
}
/// Writes a plan to any stream that takes text.
template <class Stream>
auto operator<<(Stream& s, const Plan& p) -> decltype(s << p.c_str()) {
  return s << p.c_str();
}

}  // namespace TENON_ABI
}  // namespace tenon
