// The members of aggregates: their number, references to them, their names.
#include <doctest/doctest.h>
#include <tenon/base/reflect.hpp>

#include <any>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace tenon;

namespace {

struct Empty {};
struct One {
  int only;
};
struct Inner {
  int x;
  float y;
  Empty e;
};
enum class Color { red };
struct NoDefault {
  explicit NoDefault(int v) : value(v) {}
  NoDefault(const NoDefault& other) : value(other.value) {}
  ~NoDefault() {}
  int value;
};
struct ExplicitDefault {
  explicit ExplicitDefault(int = 3) {}
};
struct Greedy {  // takes anything
  Greedy() = default;
  template <class T>
  Greedy(T&&) {}
};

struct Everything {
  std::vector<float> w;
  std::string name;
  bool flag;
  Color color;
  std::optional<int> optional;
  std::unique_ptr<int> owner;
  std::variant<int, float> variant;
  std::any any;
  std::function<void()> function;
  std::atomic<int> counter;
  Inner inner;
  std::array<float, 3> array;
  Empty empty;
  Greedy greedy;
  One one;
  int* pointer;
  const int constant;
  std::mutex mutex;
  void (*callback)(int);
};
struct WithoutDefaults {
  std::vector<float> w;
  NoDefault part;
  std::optional<NoDefault> maybe;
  std::unique_ptr<int> owner;
  Inner inner;
};
struct Initialised {
  int a = 1;
  NoDefault part = NoDefault(3);
  ExplicitDefault other{};
  std::optional<int> last = {};
};
template <class T>
struct Layer {
  T weight, bias;
  int stride = 1;
};
template <class T>
struct Model {
  Layer<T> first;
  Layer<T> second;
};
struct Sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
};
struct SixtyFour {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7,
      c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1, f2, f3, f4, f5,
      f6, f7, f8, f9, g0, g1, g2, last;
};
struct Derived : One {
  int b;
};
struct DerivedFromEmpty : Empty {
  int b;
};
struct DerivedWithoutDefault : NoDefault {
  NoDefault c;
};
struct Reference {
  int& r;
};
struct Constructed {
  Constructed() {}
  int a = 0;
};
union Union {
  int a;
  float b;
};

// A type that lists its members.
class Scale {
 public:
  static auto members(auto& self) { return named_members(named<"factor">(self.factor_), named<"part">(self.part_)); }

 private:
  float factor_ = 2;
  NoDefault part_{3};
};
class Pair : One {
 public:
  Pair() : One{1} {}
  auto members() { return named_members(named<"first">(only), named<"second">(second_)); }
  auto members() const { return named_members(named<"first">(only), named<"second">(second_)); }

 private:
  int second_ = 2;
};

template <class M>
std::string names_of(M& m) {
  std::string all;
  for_each_named_member(m, [&](const char* name, auto&) { all += std::string(name) + " "; });
  return all;
}

}  // namespace

TEST_CASE("member_count: aggregates of all kinds of members") {
  CHECK(member_count<Empty> == 0);
  CHECK(member_count<One> == 1);
  CHECK(member_count<Inner> == 3);
  CHECK(member_count<Everything> == 19);
  CHECK(member_count<WithoutDefaults> == 5);
  CHECK(member_count<Initialised> == 4);
  CHECK(member_count<Model<double>> == 2);
  CHECK(member_count<Sixteen> == 16);
  CHECK(member_count<SixtyFour> == 64);
}

TEST_CASE("has_members: only what can be walked") {
  CHECK(has_members<Everything>);
  CHECK(has_members<Scale>);
  CHECK(has_members<Pair>);
  CHECK_FALSE(has_members<Derived>);
  CHECK_FALSE(has_members<DerivedFromEmpty>);
  CHECK_FALSE(has_members<DerivedWithoutDefault>);
  CHECK_FALSE(has_members<Reference>);
  CHECK_FALSE(has_members<Constructed>);
  CHECK_FALSE(has_members<Union>);
  CHECK_FALSE(has_members<float>);
  CHECK_FALSE(has_members<std::string>);
  CHECK_FALSE(has_base<Everything>);
  CHECK_FALSE(has_base<WithoutDefaults>);
}

TEST_CASE("tie_members: references to the members themselves") {
  Layer<float> layer{1, 2, 3};
  auto list = tie_members(layer);
  static_assert(__is_same(decltype(list), RefList<float&, float&, int&>));
  get<1>(list) = 5;
  CHECK(layer.bias == 5);
  CHECK(&get<2>(list) == &layer.stride);
  const Layer<float>& view = layer;
  static_assert(__is_same(decltype(tie_members(view)), RefList<const float&, const float&, const int&>));
  CHECK(&get<0>(tie_members(view)) == &layer.weight);
  SixtyFour many{};
  CHECK(&get<63>(tie_members(many)) == &many.last);
  CHECK(&get<10>(tie_members(many)) == &many.b0);
  int calls = 0, sum = 0;
  Sixteen numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  for_each_member(numbers, [&](int x) { sum += x * ++calls; });
  CHECK(calls == 16);
  CHECK(sum == 1496);  // 1*1 + 2*2 + ...: in order
  static_assert([] {
    Layer<int> l{1, 2, 3};
    for_each_member(l, [](int& x) { x *= 2; });
    return l.weight + l.bias + l.stride;
  }() == 12);
}

TEST_CASE("member_name: as it is written in the source") {
  CHECK(member_name<One, 0>() == FixedString{"only"});
  CHECK(member_name<SixtyFour, 63>() == FixedString{"last"});
  Model<float> model{};
  CHECK(names_of(model) == "first second ");
  CHECK(names_of(model.first) == "weight bias stride ");
  Everything everything{{}, "", {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, 3, {}, {}};
  CHECK(names_of(everything) ==
        "w name flag color optional owner variant any function counter inner array empty greedy one pointer constant "
        "mutex callback ");
  const WithoutDefaults no_defaults{{}, NoDefault(1), {}, {}, {}};
  CHECK(names_of(no_defaults) == "w part maybe owner inner ");
  struct Local {
    std::string inside;
  } local;
  CHECK(names_of(local) == "inside ");
}

TEST_CASE("members(): a type may list its members itself") {
  Scale scale;
  const Pair pair;
  CHECK(member_count<Scale> == 2);
  CHECK(names_of(scale) == "factor part ");
  CHECK(get<1>(tie_members(scale)).value == 3);
  get<0>(tie_members(scale)) = 7;
  CHECK(get<0>(tie_members(scale)) == 7);
  CHECK(names_of(pair) == "first second ");
  CHECK(get<1>(tie_members(pair)) == 2);
  static_assert(__is_same(decltype(tie_members(pair)), RefList<const int&, const int&>));
  CHECK(member_name<Pair, 1>() == FixedString{"second"});
}

TEST_CASE("type_name: short and without the library's namespaces") {
  CHECK(std::string(type_name_text<float>()) == "float");
  CHECK(std::string(type_name_text<FixedString<3>>()) == "FixedString<3>");
  CHECK(std::string(type_name_text<TypeList<TypeTag<int>>>()).substr(0, 20) == "TypeList<TypeTag<int");
  CHECK(std::string(type_name_text<std::vector<float>>()).substr(0, 17) == "std::vector<float");
}
