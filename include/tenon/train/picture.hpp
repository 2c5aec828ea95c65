// tenon/train/picture.hpp: draws a training run as an SVG: its loss, its accuracy and its confusion matrix.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One self-contained file for a browser or a report: no script, no font, no link. Whatever is missing is left out or
// said to be missing, and figures that are not finite leave gaps, so a failed run can be looked at, too. Long curves
// are drawn as means within the band of their extremes.
// Example: write_svg("run.svg", {.title = "digits", .loss = loss, .accuracy = accuracy, .confusion = counts});
#pragma once
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/base/contract.hpp>
#include <tenon/train/svg.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace train {

/// What write_svg() draws. All parts may be empty.
struct TrainingPicture {
  std::string title;
  std::vector<double> loss;                     ///< training loss, one value per `loss_axis`
  std::vector<double> accuracy;                 ///< fractions in [0, 1], one per `accuracy_axis`
  std::vector<std::string> classes;             ///< names; 0, 1, ... if empty
  std::vector<int> confusion;                   ///< counts [true class][predicted class], row-major
  std::string loss_name = "training loss";      ///< heading of the loss
  std::string accuracy_name = "test accuracy";  ///< heading of the accuracy
  std::string loss_axis = "epoch";
  std::string accuracy_axis = "epoch";
};

namespace detail {

using svg::Axis;
using svg::Drawing;
using svg::linear_axis;
using svg::Text;

struct Panel {
  double x, y, width, height;
};

inline constexpr const char *ink = "#1f2328", *faint_ink = "#59636e", *grid = "#e4e8ec", *blue = "#1f5fa8",
                            *green = "#1f7a4d", *paper = "#ffffff";

inline constexpr std::size_t most_points = 400;  // of a curve

// The value at the end of a curve as it is drawn.
TENON_COLD inline double last_shown(const std::vector<double>& values) {
  const std::size_t n = values.size(), first = n > most_points ? (most_points - 1) * n / most_points : n - 1;
  double sum = 0;
  for (std::size_t i = first; i < n; ++i) sum += values[i];
  return sum / static_cast<double>(n - first);
}

// One curve with its axes and heading.
TENON_COLD inline void draw_curve(Drawing& drawing, const Panel& panel, const std::vector<double>& values,
                                  const Axis& axis, std::string_view heading, std::string_view x_name,
                                  const char* colour, bool in_percent) {
  drawing.words(panel.x, panel.y - 14, 14, ink, "start", heading);
  const auto y_of = [&](double value) { return panel.y + panel.height * (1 - axis(value)); };
  for (const double tick : axis.ticks) {
    const double y = y_of(tick);
    drawing.line(panel.x, y, panel.x + panel.width, y, grid);
    Text label;
    if (in_percent) label.figure(100 * tick, 6) << " %";
    if (!in_percent) label.figure(tick, 3);
    drawing.words(panel.x - 8, y + 4, 12, faint_ink, "end", label.value);
  }
  const std::size_t n = values.size();
  const double last = n > 1 ? static_cast<double>(n) : 2;
  const auto x_of = [&](double index) { return panel.x + panel.width * (n > 1 ? (index - 1) / (last - 1) : 0.5); };
  std::vector<double> x_ticks = {1};
  for (const double tick : linear_axis(1, last, 6, 1).ticks)
    if (tick > 1 && tick <= static_cast<double>(n)) x_ticks.push_back(tick);
  const double bottom = panel.y + panel.height;
  for (const double tick : x_ticks) {
    drawing.line(x_of(tick), bottom, x_of(tick), bottom + 5, faint_ink);
    drawing.words(x_of(tick), bottom + 19, 12, faint_ink, "middle", Text().figure(tick, 12).value);
  }
  drawing.line(panel.x, bottom, panel.x + panel.width, bottom, faint_ink);
  drawing.words(panel.x + panel.width / 2, bottom + 38, 12, faint_ink, "middle", x_name);

  // At most so many points; each stands for a run of values by its mean and extremes.
  const std::size_t points = n < most_points ? n : most_points;
  Text path, band;
  double x = 0, y = 0;
  bool pen_down = false;
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t first = i * n / points, end = (i + 1) * n / points;
    double sum = 0, low = HUGE_VAL, high = -HUGE_VAL;
    bool whole = true;
    for (std::size_t j = first; j < end; ++j) {
      whole = whole && axis.shows(values[j]);
      sum += values[j];
      low = values[j] < low ? values[j] : low;
      high = values[j] > high ? values[j] : high;
    }
    if (!whole) {
      pen_down = false;
      continue;
    }
    const bool was_down = pen_down;
    x = x_of(static_cast<double>(first + end + 1) / 2);
    y = y_of(sum / static_cast<double>(end - first));
    path << (was_down ? " L" : " M") << x << " " << y;
    if (end - first > 1) band << " M" << x << " " << y_of(low) << " V" << y_of(high);
    pen_down = true;
    // A value between two gaps would be an invisible line.
    const bool next_shows = end < n && axis.shows(values[end]);
    if (!was_down && !next_shows) drawing.disc(x, y, 2, colour);
  }
  if (!band.value.empty()) drawing.path(band.value.substr(1), colour, 1.2, 0.25);
  if (path.value.empty()) return;
  drawing.path(path.value.substr(1), colour, 2, 1);
  drawing.disc(x, y, 3.5, colour);
}

// The finite (and, for a logarithmic axis, positive) values' extremes.
struct Extremes {
  double low = HUGE_VAL, high = -HUGE_VAL;
  bool positive = true;
  explicit Extremes(const std::vector<double>& values) {
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      low = value < low ? value : low;
      high = value > high ? value : high;
      positive = positive && value > 0;
    }
  }
  bool any() const { return low <= high; }
};

TENON_COLD inline void draw_nothing(Drawing& drawing, const Panel& panel, std::string_view heading) {
  drawing.words(panel.x, panel.y - 14, 14, ink, "start", heading);
  drawing.rectangle(panel.x, panel.y, panel.width, panel.height, "#f6f8fa");
  drawing.words(panel.x + panel.width / 2, panel.y + panel.height / 2 + 5, 14, faint_ink, "middle", "no data");
}

TENON_COLD inline void draw_loss(Drawing& drawing, const Panel& panel, const TrainingPicture& picture) {
  const Extremes range(picture.loss);
  if (!range.any()) return draw_nothing(drawing, panel, picture.loss_name);
  const bool logarithmic =
      range.positive && range.low > 1e-300 && range.high / range.low > 8 && range.high / range.low < 1e30;
  const double low = range.low > 0 && range.low < range.high ? 0 : range.low;
  const Axis axis = logarithmic ? svg::logarithmic_axis(range.low, range.high) : linear_axis(low, range.high, 5);
  Text heading;
  (heading << picture.loss_name << ": ").figure(last_shown(picture.loss), 3);
  draw_curve(drawing, panel, picture.loss, axis, heading.value, picture.loss_axis, blue, false);
}

TENON_COLD inline void draw_accuracy(Drawing& drawing, const Panel& panel, const TrainingPicture& picture) {
  const Extremes range(picture.accuracy);
  if (!range.any()) return draw_nothing(drawing, panel, picture.accuracy_name);
  const bool constant = range.low == range.high;
  const double low = constant && range.low > 0.01 ? range.low - 0.01 : range.low;
  const double high = range.high > 0.9 && range.high <= 1 ? 1 : constant ? range.high + 0.01 : range.high;
  const Axis axis = linear_axis(low, high, 4);
  Text heading;
  heading << picture.accuracy_name << ": " << 100 * picture.accuracy.back() << " %";
  draw_curve(drawing, panel, picture.accuracy, axis, heading.value, picture.accuracy_axis, green, true);
}

// A colour between white and `full`, as three numbers.
TENON_COLD inline std::string tint(double part, int red, int green_part, int blue_part) {
  const auto mix = [&](int full) { return static_cast<unsigned>(std::lround(255 + part * (full - 255))); };
  char out[16];
  std::snprintf(out, sizeof out, "#%02x%02x%02x", mix(red), mix(green_part), mix(blue_part));
  return out;
}

TENON_COLD inline int characters(std::string_view text) {
  int n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

// The first `most` characters of a name, with an ellipsis if it has more.
TENON_COLD inline std::string shortened(const std::string& name, int most) {
  if (characters(name) <= most) return name;
  std::size_t cut = 0;
  for (int n = 0; n < most || (static_cast<unsigned char>(name[cut]) & 0xc0) == 0x80; ++cut)
    n += (static_cast<unsigned char>(name[cut]) & 0xc0) != 0x80;
  while (cut > 0 && name[cut - 1] == ' ') --cut;
  return name.substr(0, cut) + "\u2026";
}

TENON_COLD inline void draw_confusion(Drawing& drawing, const Panel& panel, const TrainingPicture& picture) {
  const int n = static_cast<int>(std::lround(std::sqrt(static_cast<double>(picture.confusion.size()))));
  const auto at = [&](int row, int column) {
    return picture
        .confusion[static_cast<std::size_t>(row) * static_cast<std::size_t>(n) + static_cast<std::size_t>(column)];
  };
  double total = 0, right = 0;
  std::vector<double> row_total(static_cast<std::size_t>(n), 0.0);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) row_total[static_cast<std::size_t>(i)] += at(i, j), right += i == j ? at(i, j) : 0;
  for (const double t : row_total) total += t;
  if (!(total > 0)) return draw_nothing(drawing, panel, "confusion matrix");
  Text heading;
  ((heading << "confusion matrix: ").figure(right, 12) << " of ").figure(total, 12);
  heading << " right (" << 100 * right / total << " %)";
  drawing.words(panel.x, panel.y - 14, 14, ink, "start", heading.value);

  const double cell = panel.width / n;
  int longest = 1;
  for (const int count : picture.confusion) {
    const int digits = std::snprintf(nullptr, 0, "%d", count);
    longest = digits > longest ? digits : longest;
  }
  const double fits = cell / (0.62 * longest + 0.4), size = fits < 14 ? fits : 14;
  drawing.rectangle(panel.x, panel.y, panel.width, panel.width, "#f6f8fa");
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const int count = at(i, j);
      if (count == 0) continue;
      const double x = panel.x + j * cell, y = panel.y + i * cell, all = row_total[static_cast<std::size_t>(i)];
      const double part = count > 0 && all > 0 ? count / all : 0;
      // Mistakes are rare: their colour grows with the root, so that one in a hundred is seen.
      const double depth = i == j ? part : 0.1 + 0.9 * std::sqrt(part);
      drawing.rectangle(x, y, cell, cell, i == j ? tint(depth, 0x1f, 0x5f, 0xa8) : tint(depth, 0xc9, 0x4a, 0x10));
      if (size >= 6)  // smaller figures cannot be read
        drawing.words(x + cell / 2, y + cell / 2 + 0.35 * size, size, depth > 0.5 ? paper : ink, "middle",
                      std::to_string(count));
    }
  }
  for (int i = 1; cell > 8 && i < n; ++i) {
    drawing.line(panel.x + i * cell, panel.y, panel.x + i * cell, panel.y + panel.width, paper);
    drawing.line(panel.x, panel.y + i * cell, panel.x + panel.width, panel.y + i * cell, paper);
  }

  // Labels beside every cell that leaves room for them.
  const int every = cell >= 12 ? 1 : static_cast<int>(std::ceil(12 / cell));
  std::vector<std::string> names;
  double widest = 0;  // in pixels, roughly
  for (int i = 0; i < n; i += every) {
    names.push_back(picture.classes.empty() ? std::to_string(i)
                                            : shortened(picture.classes[static_cast<std::size_t>(i)], 10));
    const double wide = 7.5 * characters(names.back());
    widest = wide > widest ? wide : widest;
  }
  const bool slanted = widest + 3 > cell * every;
  const double bottom = panel.y + panel.width;
  for (int i = 0; i < n; i += every) {
    const std::string& name = names[static_cast<std::size_t>(i / every)];
    const double middle = (i + 0.5) * cell, x = panel.x + middle;
    drawing.words(panel.x - 7, panel.y + middle + 4, 12, faint_ink, "end", name);
    drawing.words(slanted ? x + 4 : x, bottom + (slanted ? 12 : 16), 12, faint_ink, slanted ? "end" : "middle", name,
                  slanted ? -45 : 0);
  }
  const double middle = panel.y + panel.width / 2, left = panel.x - 18 - widest;
  drawing.words(panel.x + panel.width / 2, bottom + (slanted ? 28 + 0.75 * widest : 38), 12, faint_ink, "middle",
                "predicted");
  drawing.words(left, middle, 12, faint_ink, "middle", "true", -90);
}

}  // namespace detail

/// The picture as the text of an SVG file. Throws value_error if the confusion matrix is not square, or not of as many
/// classes as have names.
TENON_COLD inline std::string to_svg(const TrainingPicture& picture) {
  const std::size_t cells = picture.confusion.size();
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(cells))));
  if (n * n != cells || (cells != 0 && !picture.classes.empty() && picture.classes.size() != n))
    raise<value_error>(Message() << "tenon: a confusion matrix of " << static_cast<long long>(cells) << " counts for "
                                 << static_cast<long long>(picture.classes.size()) << " class names");
  constexpr double width = 1080, height = 560;
  svg::Drawing drawing;
  drawing.text
      << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1080\" "
         "height=\"560\" viewBox=\"0 0 1080 560\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, "
         "'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif\">\n";
  drawing.text << "<title>" << svg::Drawing::escaped(picture.title) << "</title>\n";
  drawing.rectangle(0, 0, width, height, detail::paper);
  drawing.words(28, 38, 20, detail::ink, "start", picture.title);
  const bool two = !picture.accuracy.empty();
  detail::draw_loss(drawing, {76, 96, 440, two ? 150.0 : 370.0}, picture);
  if (two) detail::draw_accuracy(drawing, {76, 346, 440, 120}, picture);
  detail::draw_confusion(drawing, {660, 96, 370, 370}, picture);
  drawing.text << "</svg>\n";
  return drawing.text.value;
}

/// Writes the picture as an SVG file at `path`; throws value_error as to_svg() does, or if it cannot be written.
TENON_COLD inline void write_svg(const std::string& path, const TrainingPicture& picture) {
  const std::string text = to_svg(picture);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  bool good = file && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file) good = std::fclose(file) == 0 && good;
  if (!good)
    raise<value_error>((Message() << "tenon: cannot write '").append(path.data(), static_cast<index_t>(path.size()))
                       << "'");
}

}  // namespace train
}  // namespace TENON_ABI
}  // namespace tenon
