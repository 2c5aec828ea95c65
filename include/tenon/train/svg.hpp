// tenon/train/svg.hpp: writes the text of SVG pictures, and chooses the ticks of their axes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any text and any number is safe to pass: text is escaped and stays valid XML, numbers that are not finite become 0,
// and the locale plays no part.
// Example: Drawing d;  d.rectangle(0, 0, 10, 10, "#1f5fa8");  d.words(5, 5, 12, "#000", "middle", "a < b");
#pragma once
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace train {
namespace svg {

/// A scale from values to [0, 1] with its labelled ticks.
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  std::vector<double> ticks;
  double operator()(double value) const {
    return logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  }
  bool shows(double value) const { return std::isfinite(value) && (!logarithmic || value > 0); }
};

/// Ticks at multiples of 1, 2 or 5 times a power of ten, about `count` of them, from below `low` to above `high`.
TENON_COLD inline Axis linear_axis(double low, double high, int count, double smallest_step = 0) {
  if (!(high > low)) {
    const double margin = low == 0 ? 1 : std::fabs(low) / 2;
    low -= margin, high += margin;
  }
  const double rough = high / count - low / count, power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {2.0, 5.0, 10.0})
    if (step < rough) step = power * factor;
  if (step < smallest_step) step = smallest_step;
  const double first = std::floor(low / step + 1e-9), steps = std::ceil(high / step - 1e-9) - first;
  // Where doubles are too coarse or too few for that, an axis without ticks.
  if (!std::isfinite(high - low) || !(steps >= 1 && steps <= 100)) return {low, high, false, {}};
  Axis axis{first * step, (first + steps) * step, false, {}};
  for (int i = 0; i <= static_cast<int>(steps); ++i) axis.ticks.push_back((first + i) * step);
  return axis;
}

/// From 1, 2 or 5 times a power of ten to another, with ticks at all of these or only at the powers.
TENON_COLD inline Axis logarithmic_axis(double low, double high) {
  Axis axis{low, high, true, {}};
  const double first = std::floor(std::log10(low)), last = std::ceil(std::log10(high)),
               decades = std::log10(high / low);
  const double every = std::ceil(decades / 8);
  for (double e = first; e <= last; ++e) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = std::pow(10.0, e) * factor;
      if (tick <= low * (1 + 1e-9)) axis.low = tick;
      if (tick >= high * (1 - 1e-9) && axis.high <= high) axis.high = tick;
      if (decades < 2.5 || (factor == 1 && std::fmod(e - first, every) == 0)) axis.ticks.push_back(tick);
    }
  }
  std::vector<double> inside;
  for (const double tick : axis.ticks)
    if (tick >= axis.low * (1 - 1e-9) && tick <= axis.high * (1 + 1e-9)) inside.push_back(tick);
  axis.ticks.swap(inside);
  return axis;
}

/// Text that grows piece by piece. Out of line, which compiles several times faster than sums of strings.
class Text {
 public:
  std::string value;

  TENON_COLD Text& operator<<(std::string_view piece) {
    value += piece;
    return *this;
  }
  /// A coordinate: with at most two decimals, whatever the locale; 0 if it is not finite or absurdly large.
  TENON_COLD Text& operator<<(double number) {
    const long long hundredths = std::fabs(number) < 1e9 ? std::llround(number * 100) : 0;
    const long long size = hundredths < 0 ? -hundredths : hundredths;
    char out[32];
    int length = std::snprintf(out, sizeof out, "%s%lld.%02lld", hundredths < 0 ? "-" : "", size / 100, size % 100);
    while (out[length - 1] == '0') --length;
    if (out[length - 1] == '.') --length;
    value.append(out, static_cast<std::size_t>(length));
    return *this;
  }
  /// A figure as people write it, with `digits` digits.
  TENON_COLD Text& figure(double number, int digits) {
    if (number != number) return *this << "nan";  // without the sign that printf gives to some
    char out[40];
    std::snprintf(out, sizeof out, "%.*g", digits, number);
    for (char& c : out)
      if (c == ',') c = '.';  // a locale's decimal comma
    return *this << out;
  }
};

/// The text of an SVG as it is written.
class Drawing {
 public:
  Text text;

  /// The text as XML content; what is not UTF-8, or a control character, has no way to be written there.
  TENON_COLD static std::string escaped(std::string_view raw) {
    std::string out;
    const auto byte = [&](std::size_t i) { return i < raw.size() ? static_cast<unsigned char>(raw[i]) : 0u; };
    for (std::size_t i = 0; i < raw.size();) {
      const unsigned a = byte(i), b = byte(i + 1);
      std::size_t length = a < 0x80                ? 1
                           : a >= 0xc2 && a < 0xe0 ? 2
                           : a >= 0xe0 && a < 0xf0 ? 3
                           : a >= 0xf0 && a < 0xf5 ? 4
                                                   : 0;
      for (std::size_t k = 1; k < length; ++k)
        if ((byte(i + k) & 0xc0) != 0x80) length = 0;
      const bool overlong = (a == 0xe0 && b < 0xa0) || (a == 0xf0 && b < 0x90), surrogate = a == 0xed && b > 0x9f;
      const bool outside = (a == 0xf4 && b > 0x8f) || (a == 0xef && b == 0xbf && byte(i + 2) >= 0xbe);
      if (length == 0 || overlong || surrogate || outside) {
        out += '?';
        length = 1;
      } else if (a == '&' || a == '<' || a == '>' || a == '"') {
        out += a == '&' ? "&amp;" : a == '<' ? "&lt;" : a == '>' ? "&gt;" : "&quot;";
      } else if (a < 0x20 || a == 0x7f) {
        out += ' ';
      } else {
        out.append(raw.substr(i, length));
      }
      i += length;
    }
    return out;
  }

  TENON_COLD void rectangle(double x, double y, double width, double height, std::string_view fill) {
    text << "<rect x=\"" << x << "\" y=\"" << y << "\" width=\"" << width << "\" height=\"" << height << "\" fill=\""
         << fill << "\"/>\n";
  }
  TENON_COLD void line(double x1, double y1, double x2, double y2, std::string_view colour) {
    text << "<line x1=\"" << x1 << "\" y1=\"" << y1 << "\" x2=\"" << x2 << "\" y2=\"" << y2 << "\" stroke=\"" << colour
         << "\"/>\n";
  }
  TENON_COLD void disc(double x, double y, double radius, std::string_view colour) {
    text << "<circle cx=\"" << x << "\" cy=\"" << y << "\" r=\"" << radius << "\" fill=\"" << colour << "\"/>\n";
  }
  /// Strokes along a path such as "M0 0 L1 1".
  TENON_COLD void path(std::string_view path, std::string_view colour, double width, double opacity) {
    text << "<path fill=\"none\" stroke-linejoin=\"round\" stroke=\"" << colour << "\" stroke-width=\"" << width
         << "\" stroke-opacity=\"" << opacity << "\" d=\"" << path << "\"/>\n";
  }
  /// Words at a point, which is their `anchor` ("start", "middle" or "end"), turned by `angle` degrees.
  TENON_COLD void words(double x, double y, double size, std::string_view colour, std::string_view anchor,
                        std::string_view content, double angle = 0) {
    text << "<text x=\"" << x << "\" y=\"" << y << "\" font-size=\"" << size << "\" fill=\"" << colour
         << "\" text-anchor=\"" << anchor;
    if (angle != 0) text << "\" transform=\"rotate(" << angle << " " << x << " " << y << ")";
    if (size >= 14 && anchor == "start") text << "\" font-weight=\"600";  // a heading
    text << "\">" << escaped(content) << "</text>\n";
  }
};

}  // namespace svg
}  // namespace train
}  // namespace TENON_ABI
}  // namespace tenon
