// Stores past the caches: by size alone, to whole lines only, and the same values at any alignment and any end.
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/tenon.hpp>
#include <vector>

#include "support/guarded.hpp"

using namespace tenon;
using test::Guarded;

namespace {

// A row kernel that writes nothing, but counts elements that it should write past the caches or not.
struct Written {
  index_t streamed = 0, plain = 0, misplaced = 0;
} written;
void count_row(void* out, index_t out_stride, const void* const*, const index_t*, index_t n) {
  const bool streamed = out_stride == exec::past_caches;
  (streamed ? written.streamed : written.plain) += n;
  if (streamed) written.misplaced += reinterpret_cast<std::uintptr_t>(out) % 64 != 0;
}
StridedMap rows(index_t n, index_t m, index_t stride) { return {Dims{2, {n, m}}, Dims{2, {stride, 1}}, 0}; }
// What a loop over that target writes, of elements of so many bytes; one operand, of as many bytes, is at `source`.
Written writes(void* out, index_t bytes, const StridedMap& target, const void* source) {
  const Source from{source, target, 0, {}};
  written = {};
  exec::run_pointwise({&from, &bytes, 1, count_row, out, bytes, target});
  return written;
}

}  // namespace

TEST_CASE("loops write past the caches from a size on, from the first line of each row on") {
  const index_t limit = exec::streamed_bytes;
  Guarded memory(static_cast<std::size_t>(3 * limit));  // nothing of it is touched
  unsigned char* const out = memory.first<unsigned char>();
  const unsigned char* const apart = out + 2 * limit;
  for (const index_t bytes : {1, 2, 4, 8}) {
    CAPTURE(bytes);
    const index_t n = limit / bytes;
    for (const index_t small : {index_t{1}, index_t{1000}, n / 2, n - 1}) {
      const Written w = writes(out, bytes, rows(1, small, small), apart);
      CHECK(w.streamed == 0);
      CHECK(w.plain == small);
    }
    for (index_t offset = 0; offset < 64; offset += bytes) {
      const Written w = writes(out + offset, bytes, rows(1, n, n), apart);
      CHECK(w.plain == (offset ? 64 - offset : 0) / bytes);
      CHECK(w.streamed == n - w.plain);
      CHECK(w.misplaced == 0);
    }
    // Rows of 1000 with gaps: of each, what is before its first line.
    const index_t m = 1000, many = n / m + 1, stride = m + 3;
    index_t before = 0;
    for (index_t r = 0; r < many; ++r) before += exec::before_line(out + r * stride * bytes, bytes);
    const Written gaps = writes(out, bytes, rows(many, m, stride), apart);
    CHECK(gaps.plain == before);
    CHECK(gaps.streamed == many * m - before);
    CHECK(gaps.misplaced == 0);
    // What is read again stays in the caches: in place, and where the operand begins in the target.
    CHECK(writes(out, bytes, rows(1, n, n), out).streamed == 0);
    CHECK(writes(out, bytes, rows(1, n, n), out + limit - bytes).streamed == 0);
    CHECK(writes(out, bytes, rows(1, n, n), out + limit).streamed == n);
  }
  // Elements that are no words, and results that are not contiguous.
  CHECK(writes(out, 12, rows(1, limit / 12 + 1, 0), apart).streamed == 0);
  CHECK(writes(out, 4, {Dims{2, {4096, 4096}}, Dims{2, {8192, 2}}, 0}, apart).streamed == 0);
}

namespace {
bool goes_past_caches = false;
void note_epilogue(const ContractionLabels&, const Source&, const Source&, const exec::ContractionTarget& target) {
  goes_past_caches = target.epilogue && target.epilogue->past_caches;
}
// Whether a product of float that a loop consumes is written past the caches.
bool product_goes_past(void* out, index_t n, index_t m, const void* operand) {
  using Labels = Contraction<Seq<'i', 'k'>, Seq<'k', 'j'>, Seq<'i', 'j'>>;
  const ContractionLabels labels = Labels::labels();
  exec::ContractionCall call{&labels, note_epilogue, 4, 4, 4, true, {}, {}};
  call.a = {operand, rows(n, 8, 8), 0, {}};
  call.b = {operand, rows(8, m, m), 0, {}};
  Source source;
  const index_t bytes = 4;
  goes_past_caches = false;
  exec::assign_consumer(call, {&source, &bytes, 1, count_row, out, 4, rows(n, m, m)}, &source, 0, Dims{2, {n, m}},
                        false);
  return goes_past_caches;
}
}  // namespace

TEST_CASE("products with an epilogue: from half that size on") {
  const index_t half = exec::streamed_bytes / 2;
  Guarded memory(static_cast<std::size_t>(3 * half));
  unsigned char* const out = memory.first<unsigned char>();
  CHECK(!product_goes_past(out, 10, 10, out + 2 * half));
  CHECK(!product_goes_past(out, 1023, half / 4096, out + 2 * half));
  CHECK(product_goes_past(out, 1024, half / 4096, out + 2 * half));
}

namespace {

// x * 2 + y
template <class T>
using Twice = Program<Load<T, false>, Load<T, true>, Call<op::Multiply, T, false, 2, 1>, Load<T, false>,
                      Call<op::Add, T, false, 2, 1>>;

// Rows from every place in a line, of every length to some packs, in the way that large results are written.
template <class T>
void check_rows() {
  constexpr index_t most = 5 * 64 / static_cast<index_t>(sizeof(T)) + 3, line = 64 / static_cast<index_t>(sizeof(T));
  std::vector<T> x(static_cast<std::size_t>(2 * most)), y(static_cast<std::size_t>(most));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i % 37);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(i % 11);
  const T two = 2;
  Guarded memory(8192);
  index_t wrong = 0, beside = 0;
  const auto check = [&](T* out, index_t n, index_t step) {
    const T* const from = step < 0 ? x.data() + 2 * most - 1 : x.data();
    for (T* p = out - line; p < out; ++p) *p = 77;
    exec::Nest nest;
    nest.start(Dims{1, {n}});
    for (const void* p : {static_cast<const void*>(out), static_cast<const void*>(from), static_cast<const void*>(&two),
                          static_cast<const void*>(y.data())})
      nest.add(p, sizeof(T), {Dims{1, {n}}, Dims{1, {1}}, 0});
    const void* const source[] = {from, &two, y.data()};
    const index_t stride[] = {step, 0, 1};
    exec::detail::streamed_row(nest, exec::row<Twice<T>, T>, reinterpret_cast<char*>(out), source, stride, n);
    for (index_t i = 0; i < n; ++i)
      wrong += out[i] != static_cast<T>(from[i * step] * two + y[static_cast<std::size_t>(i)]);
    for (const T* p = out - line; p < out; ++p) beside += *p != T(77);
  };
  for (const index_t step : {1, 2, 0, -1}) {
    for (index_t n = 0; n < most; ++n) check(memory.last<T>(n), n, step);  // faults beyond the end
    for (index_t offset = 0; offset < line; ++offset)
      for (index_t n = 0; n < most; ++n) {
        T* const out = memory.first<T>() + line + offset;
        out[n] = 55;
        check(out, n, step);
        beside += out[n] != T(55);
      }
  }
  CHECK(wrong == 0);
  CHECK(beside == 0);
}

}  // namespace

TEST_CASE("rows past the caches: values at any alignment, length and stride, and nothing beside them") {
  check_rows<float>();
  check_rows<double>();
  check_rows<std::int32_t>();
  check_rows<std::int8_t>();
}
