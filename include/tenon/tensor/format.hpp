// tenon/tensor/format.hpp: how printed numbers are aligned and nested, following NumPy's array2string.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each number is written with as many digits as tell it from its neighbours in its own type, at most `precision` of
// them behind the point. All numbers of a tensor share one format: positional, or with exponents if the largest is
// above 1e8, the smallest below 1e-4, or their ratio above 1000. Not a template of the tensor's type.
#pragma once
#include <charconv>
#include <string>
#include <vector>

#include <tenon/base/element.hpp>
#include <tenon/shape/extents.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// How `to_string` prints.
struct PrintOptions {
  int precision = 8;         ///< digits behind the point at most
  index_t threshold = 1000;  ///< more elements than this are summarised
  index_t edge_items = 3;    ///< elements shown at either end of a summarised axis
  index_t line_width = 75;   ///< longer rows are continued on the next line
};

namespace detail {
namespace text {

/// A real number to print, and how many digits its type has.
struct Number {
  double value;
  NumberKind kind;
};

inline void pad(std::string& s, index_t spaces) {
  if (spaces > 0) s.append(static_cast<std::string::size_type>(spaces), ' ');
}
inline index_t length(const std::string& s) { return static_cast<index_t>(s.size()); }

// The number with the fewest digits that read back as it in its type, or with `digits` behind the point.
inline std::string digits_of(Number n, std::chars_format format, int digits = -1) {
  char buffer[400];
  char* const last = buffer + sizeof buffer;
  std::to_chars_result r{};
  if (digits >= 0) {
    r = std::to_chars(buffer, last, n.value, format, digits);
  } else if (n.kind == NumberKind::float32) {
    r = std::to_chars(buffer, last, static_cast<float>(n.value), format);
  } else if (n.kind == NumberKind::float64) {
    r = std::to_chars(buffer, last, n.value, format);
  } else {
    // 16-bit types: the first precision that reads back.
    for (int p = 0; p < 8; ++p) {
      r = std::to_chars(buffer, last, n.value, std::chars_format::scientific, p);
      double back = 0;
      std::from_chars(buffer, r.ptr, back);
      const bool same = n.kind == NumberKind::float16 ? double(float(half(back))) == n.value
                                                      : double(float(bfloat16(back))) == n.value;
      if (!same) continue;
      r = std::to_chars(buffer, last, back, format);
      break;
    }
  }
  return std::string(buffer, r.ptr);
}

// A number in parts: sign and integer part, digits behind the point without trailing zeros, exponent.
struct Parts {
  std::string whole, fraction, exponent;
};
inline Parts split(std::string s) {
  Parts p;
  const auto e = s.find('e');
  if (e != std::string::npos) {
    p.exponent = s.substr(e);
    s.resize(e);
  }
  const auto dot = s.find('.');
  p.whole = s.substr(0, dot);
  if (dot != std::string::npos) p.fraction = s.substr(dot + 1);
  while (!p.fraction.empty() && p.fraction.back() == '0') p.fraction.pop_back();
  return p;
}
inline Parts parts_of(Number n, std::chars_format format, int precision) {
  Parts p = split(digits_of(n, format));
  if (static_cast<int>(p.fraction.size()) > precision) p = split(digits_of(n, format, precision));
  return p;
}
inline bool finite(double x) { return x - x == 0; }

// The common format of a list of numbers.
class Format {
 public:
  Format(const std::vector<Number>& numbers, int precision, bool plus) : precision_(precision), plus_(plus) {
    double largest = 0, smallest = limits<double>::infinity();
    for (const Number& n : numbers) {
      const double a = n.value < 0 ? -n.value : n.value;
      if (!finite(a) || a == 0) continue;
      largest = a > largest ? a : largest;
      smallest = a < smallest ? a : smallest;
    }
    scientific_ = largest > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000);
    index_t exponent = 0;
    for (const Number& n : numbers) {
      if (!finite(n.value)) continue;
      const Parts p = parts(n);
      left_ = largest_of(left_, length(p.whole));
      fraction_ = largest_of(fraction_, length(p.fraction));
      exponent = largest_of(exponent, length(p.exponent));
    }
    right_ = fraction_ + exponent;
    for (const Number& n : numbers) {
      if (finite(n.value)) continue;
      const bool sign = n.value < 0 || (plus_ && n.value > 0);
      left_ = largest_of(left_, (sign ? 4 : 3) - (right_ + 1));
    }
  }
  std::string operator()(Number n) const {
    std::string s;
    if (!finite(n.value)) {
      const char* name = n.value != n.value ? "nan" : n.value < 0 ? "-inf" : plus_ ? "+inf" : "inf";
      pad(s, left_ + right_ + 1 - static_cast<index_t>(std::char_traits<char>::length(name)));
      return s + name;
    }
    Parts p = parts(n);
    pad(s, left_ - length(p.whole));
    s += p.whole + '.' + p.fraction;
    if (!scientific_) {
      pad(s, fraction_ - length(p.fraction));
      return s;
    }
    s.append(static_cast<std::string::size_type>(fraction_ - length(p.fraction)), '0');
    // Exponents have as many digits as the longest.
    const index_t missing = right_ - fraction_ - length(p.exponent);
    return s + p.exponent.substr(0, 2) + std::string(static_cast<std::string::size_type>(missing), '0') +
           p.exponent.substr(2);
  }

 private:
  static index_t largest_of(index_t a, index_t b) { return a > b ? a : b; }
  Parts parts(Number n) const {
    Parts p = parts_of(n, scientific_ ? std::chars_format::scientific : std::chars_format::fixed, precision_);
    if (plus_ && p.whole[0] != '-') p.whole = '+' + p.whole;
    return p;
  }

  int precision_;
  bool plus_, scientific_ = false;
  index_t left_ = 0, fraction_ = 0, right_ = 0;
};

inline std::vector<std::string> format_reals(const std::vector<Number>& numbers, int precision) {
  const Format format(numbers, precision, false);
  std::vector<std::string> words;
  for (const Number& n : numbers) words.push_back(format(n));
  return words;
}
inline std::vector<std::string> format_complex(const std::vector<Number>& re, const std::vector<Number>& im,
                                               int precision) {
  const Format real(re, precision, false), imaginary(im, precision, true);
  std::vector<std::string> words;
  for (std::vector<Number>::size_type i = 0; i < re.size(); ++i) {
    std::string word = imaginary(im[i]);
    const auto digits_end = word.find_last_not_of(' ') + 1;  // the j stands by the digits, before any padding
    word.insert(digits_end, 1, 'j');
    words.push_back(real(re[i]) + word);
  }
  return words;
}
inline void align_right(std::vector<std::string>& words) {
  index_t width = 0;
  for (const std::string& w : words) width = length(w) > width ? length(w) : width;
  for (std::string& w : words) {
    std::string s;
    pad(s, width - length(w));
    w = s + w;
  }
}

/// Which elements of a tensor are printed, and how they are nested.
class Layout {
 public:
  Layout(const Dims& dims, const PrintOptions& options)
      : dims_(dims), options_(options), summary_(dims.size() > options.threshold) {}

  /// Offsets of the printed elements, row-major, in the order in which `nest` wants their words.
  std::vector<index_t> offsets() const {
    std::vector<index_t> r;
    if (dims_.size() > 0) collect(0, 0, r);
    return r;
  }
  std::string nest(const std::vector<std::string>& words) const {
    if (dims_.size() == 0) return "[]";
    const std::string* next = words.data();
    return nest(next, 0, " ", options_.line_width);
  }

 private:
  bool shortened(int axis) const { return summary_ && dims_.d[axis] > 2 * options_.edge_items; }

  void collect(int axis, index_t offset, std::vector<index_t>& out) const {
    if (axis == dims_.rank) return out.push_back(offset);
    const index_t n = dims_.d[axis];
    for (index_t i = 0; i < n; ++i) {
      if (shortened(axis) && i == options_.edge_items) i = n - options_.edge_items;
      collect(axis + 1, offset * n + i, out);
    }
  }
  static void strip(std::string& s) {
    while (!s.empty() && s.back() == ' ') s.pop_back();
  }
  // Adds a word to the line, or starts a new one with `indent` if it is full.
  static void extend(std::string& lines, std::string& line, const std::string& word, index_t width,
                     const std::string& indent) {
    if (length(line) + length(word) > width && line.size() > indent.size()) {
      strip(line);
      lines += line + '\n';
      line = indent;
    }
    line += word;
  }
  std::string nest(const std::string*& next, int axis, const std::string& indent, index_t width) const {
    if (axis == dims_.rank) return *next++;
    const index_t n = dims_.d[axis], edge = options_.edge_items;
    const int left = dims_.rank - axis;
    std::string s;
    if (left == 1) {
      std::string line = indent;
      for (index_t i = 0; i < n; ++i) {
        if (shortened(axis) && i == edge) {
          extend(s, line, "...", width - 1, indent);
          line += ' ';
          i = n - edge;
        }
        extend(s, line, nest(next, axis + 1, indent + ' ', width - 1), width - 1, indent);
        if (i + 1 < n) line += ' ';
      }
      s += line;
    } else {
      const std::string separator(static_cast<std::string::size_type>(left - 1), '\n');
      for (index_t i = 0; i < n; ++i) {
        if (shortened(axis) && i == edge) {
          s += indent + "..." + separator;
          i = n - edge;
        }
        s += indent + nest(next, axis + 1, indent + ' ', width - 1);
        if (i + 1 < n) s += separator;
      }
    }
    return '[' + s.substr(indent.size()) + ']';
  }

  Dims dims_;
  PrintOptions options_;
  bool summary_;
};

}  // namespace text
}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
