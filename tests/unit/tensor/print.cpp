// Printing against NumPy's array2string.
#include <complex>
#include <sstream>

#include <doctest/doctest.h>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/print.hpp>
#include <tenon/tensor/reshape.hpp>

using namespace tenon;

TEST_CASE("to_string prints as NumPy does") {
  constexpr double inf = __builtin_huge_val(), nan = __builtin_nan("");
  CHECK(to_string(Tensor<double, 3>{1, 2.5, 3.25}) == "[1.   2.5  3.25]");
  CHECK(to_string(Tensor<double, 3>{1e-5, 1, 2}) == "[1.e-05 1.e+00 2.e+00]");
  CHECK(to_string(Tensor<double, 2, 2>{{1.5, -2}, {nan, inf}}) == "[[ 1.5 -2. ]\n [ nan  inf]]");
  CHECK(to_string(Tensor<float, 2>{1.f / 3, 2.f / 3}) == "[0.33333334 0.6666667 ]");
  CHECK(to_string(Tensor<double, 2>{1. / 3, 2. / 3}) == "[0.33333333 0.66666667]");
  CHECK(to_string(Tensor<double, 2>{1e10, 1}) == "[1.e+10 1.e+00]");
  CHECK(to_string(Tensor<half, 2>{half(0.1f), half(65504.f)}) == "[1.00e-01 6.55e+04]");
  CHECK(to_string(Tensor<half, 2>{half(0.1f), half(3.f)}) == "[0.1 3. ]");
  CHECK(to_string(Tensor<signed char, 3>{-5, 10, 127}) == "[ -5  10 127]");
  CHECK(to_string(Tensor<double, 2>{1e300, 1e-300}) == "[1.e+300 1.e-300]");
  CHECK(to_string(Tensor<double, 2>{1e300, 1e-30}) == "[1.e+300 1.e-030]");
  CHECK(to_string(Tensor<double, 1>{nan}) == "[nan]");
  CHECK(to_string(Tensor<double, 2>{inf, -inf}) == "[ inf -inf]");
  CHECK(to_string(Tensor<double, 3>{inf, -inf, 1}) == "[ inf -inf   1.]");
  CHECK(to_string(Tensor<double, 2>{0.0, -0.0}) == "[ 0. -0.]");
  CHECK(to_string(Tensor<double, 2>{123456.789, 0.001}) == "[1.23456789e+05 1.00000000e-03]");
  CHECK(to_string(Tensor<std::complex<double>, 2>{{1, 2}, {3.5, -1}}) == "[1. +2.j 3.5-1.j]");
  CHECK(to_string(Tensor<std::complex<float>, 2>{{0.1f, 2.25f}, {3.5f, __builtin_huge_valf()}}) ==
        "[0.1+2.25j 3.5 +infj]");
  CHECK(to_string(ones<double>(2, 1, 3)) == "[[[1. 1. 1.]]\n\n [[1. 1. 1.]]]");
  CHECK(to_string(reshape(arange(12), 2, 2, 3)) == "[[[ 0  1  2]\n  [ 3  4  5]]\n\n [[ 6  7  8]\n  [ 9 10 11]]]");
  CHECK(to_string(arange<double>(30) * 1.1) ==
        "[ 0.   1.1  2.2  3.3  4.4  5.5  6.6  7.7  8.8  9.9 11.  12.1 13.2 14.3\n 15.4 16.5 17.6 18.7 19.8 20.9 22.  "
        "23.1 24.2 25.3 26.4 27.5 28.6 29.7\n 30.8 31.9]");
  CHECK(to_string(arange<double>(2000)) == "[0.000e+00 1.000e+00 2.000e+00 ... 1.997e+03 1.998e+03 1.999e+03]");
  CHECK(to_string(arange<double>(2000) / 100) == "[0.000e+00 1.000e-02 2.000e-02 ... 1.997e+01 1.998e+01 1.999e+01]");
  CHECK(to_string(reshape(arange(10000), 100, 100)) ==
        "[[   0    1    2 ...   97   98   99]\n [ 100  101  102 ...  197  198  199]\n [ 200  201  202 ...  297  298  "
        "299]\n ...\n [9700 9701 9702 ... 9797 9798 9799]\n [9800 9801 9802 ... 9897 9898 9899]\n [9900 9901 9902 ... "
        "9997 9998 9999]]");
  CHECK(to_string(reshape(arange(2400), 2, 3, 400)) ==
        "[[[   0    1    2 ...  397  398  399]\n  [ 400  401  402 ...  797  798  799]\n  [ 800  801  802 ... 1197 1198 "
        "1199]]\n\n [[1200 1201 1202 ... 1597 1598 1599]\n  [1600 1601 1602 ... 1997 1998 1999]\n  [2000 2001 2002 ... "
        "2397 2398 2399]]]");
  CHECK(to_string(reshape(arange(120), 2, 60)) ==
        "[[  0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15  16  17\n   18  19  20  21  22  23  24  25  "
        "26  27  28  29  30  31  32  33  34  35\n   36  37  38  39  40  41  42  43  44  45  46  47  48  49  50  51  52 "
        " 53\n   54  55  56  57  58  59]\n [ 60  61  62  63  64  65  66  67  68  69  70  71  72  73  74  75  76  77\n  "
        " 78  79  80  81  82  83  84  85  86  87  88  89  90  91  92  93  94  95\n   96  97  98  99 100 101 102 103 "
        "104 105 106 107 108 109 110 111 112 113\n  114 115 116 117 118 119]]");
  CHECK(to_string(zeros<float>(0, 3)) == "[]");
  CHECK(to_string(zeros<float>(2, 0)) == "[]");
  CHECK(to_string(Tensor<double>(1)) == "1.0");
  CHECK(to_string(Tensor<double>(1e-7)) == "1e-07");
  CHECK(to_string(Tensor<float>(0.1f)) == "0.1");
  CHECK(to_string(Tensor<int>(7)) == "7");
  CHECK(to_string(Tensor<double>(12345678.5)) == "12345678.5");
}

TEST_CASE("to_string of bool, bfloat16, views and expressions") {
  CHECK(to_string(Tensor<bool, 2>{true, false}) == "[ True False]");
  CHECK(to_string(Tensor<bfloat16, 2>{bfloat16(0.1f), bfloat16(3.f)}) == "[0.1 3. ]");
  Tensor<float, 2, 3> a{{1, 2, 3}, {4, 5, 6}};
  CHECK(to_string(transpose(a)) == "[[1. 4.]\n [2. 5.]\n [3. 6.]]");
  CHECK(to_string(a * 0.5) == "[[0.5 1.  1.5]\n [2.  2.5 3. ]]");
  CHECK(to_string(a > 2) == "[[False False  True]\n [ True  True  True]]");
  CHECK(to_string(Tensor<bool>(true)) == "True");
}

TEST_CASE("options") {
  Tensor<double, 3> a{1. / 3, 20. / 3, 1};
  CHECK(to_string(a, {.precision = 3}) == "[0.333 6.667 1.   ]");
  CHECK(to_string(arange(8), {.threshold = 5, .edge_items = 2}) == "[0 1 ... 6 7]");
  CHECK(to_string(arange(8), {.line_width = 9}) == "[0 1 2 3\n 4 5 6 7]");
}

TEST_CASE("streams") {
  std::ostringstream s;
  Tensor<int, 2> a{1, 2};
  s << "a = " << a << ", 2a = " << a * 2 << '\n';
  CHECK(s.str() == "a = [1 2], 2a = [2 4]\n");
}
