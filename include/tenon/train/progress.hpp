// tenon/train/progress.hpp: shows how training goes: a bar on a terminal, plain lines elsewhere.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On a terminal one line shows epoch, bar, rate, metrics and the time left for all epochs; it is redrawn in place at
// most ten times a second, fits the terminal's width, and becomes a summary when its epoch ends. In a pipe or a log
// file there is only the summary, and a line now and then within a long epoch. update() neither allocates nor formats
// unless it is time to draw, so it may be called at every step. Example: ProgressBar bar(epochs);
//          bar.begin_epoch(1);  bar.update(done, total, {{"loss", loss}});  bar.end_epoch({percent("accuracy", 0.97)});
#pragma once
#include <time.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include <tenon/base/config.hpp>
#if __has_include(<sys/ioctl.h>) && __has_include(<unistd.h>)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

namespace tenon {
inline namespace TENON_ABI {
namespace train {

/// A named figure to show; `name` must outlive the call only.
struct Metric {
  const char* name;
  double value;
  bool is_percent = false;
};

/// A metric in [0, 1] that is shown in percent.
constexpr Metric percent(const char* name, double fraction) { return {name, fraction, true}; }

/// Seconds of a clock that never goes back.
inline double monotonic_seconds() {
  timespec now{};
#if defined(CLOCK_MONOTONIC)
  clock_gettime(CLOCK_MONOTONIC, &now);
#else
  timespec_get(&now, TIME_UTC);
#endif
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// How progress is shown: `automatic` takes `terminal` on a terminal and `plain` elsewhere.
enum class ProgressMode { automatic, terminal, plain, silent };

/// Where and how a ProgressBar draws.
struct ProgressOptions {
  std::FILE* out = stdout;
  ProgressMode mode = ProgressMode::automatic;
  const char* unit = "samples";           ///< what update() counts
  int width = 0;                          ///< columns; 0: ask the terminal each time
  double redraw_seconds = 0.1;            ///< between two redraws on a terminal
  double line_seconds = 10;               ///< between two plain lines within an epoch
  int lines = 20;                         ///< with more epochs than this, only about as many summaries stay
  double (*clock)() = monotonic_seconds;  ///< in seconds
};

/// Shows the progress of a training run on a terminal or in a log.
class ProgressBar {
 public:
  /// For a run of `epochs` epochs (0: not known).
  TENON_COLD explicit ProgressBar(int epochs, const ProgressOptions& options = {})
      : options_(options), epochs_(epochs) {
    if (options_.mode == ProgressMode::automatic) options_.mode = detect(options_.out);
    unicode_ = locale_is_utf8();
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Leaves the last line standing, should the run have stopped within an epoch.
  ~ProgressBar() {
    if (drawn_) std::fputc('\n', options_.out);
    std::fflush(options_.out);
  }

  /// Starts epoch `epoch`, counted from 1.
  TENON_COLD void begin_epoch(int epoch) {
    epoch_ = epoch;
    done_ = total_ = 0;
    epoch_start_ = last_update_ = options_.clock();
    rate_ = 0;
    rate_time_ = epoch_start_;
    rate_done_ = 0;
    if (first_epoch_ == 0) {
      first_epoch_ = epoch;
      run_start_ = epoch_start_;
      last_draw_ = epoch_start_ - options_.redraw_seconds;
      if (options_.mode == ProgressMode::plain) last_draw_ = epoch_start_;
    }
  }

  /// Tells that `done` of `total` (0: not known) samples of the epoch are done, and how it goes.
  void update(index_t done, index_t total, std::initializer_list<Metric> metrics = {}) {
    update(done, total, metrics.begin(), static_cast<int>(metrics.size()));
  }
  /// The same with the metrics in an array.
  TENON_COLD void update(index_t done, index_t total, const Metric* metrics, int count) {
    if (options_.mode == ProgressMode::silent) return;
    const double now = options_.clock();
    done_ = total > 0 && done > total ? total : done;
    total_ = total;
    last_update_ = now;
    const bool terminal = options_.mode == ProgressMode::terminal;
    if (now - last_draw_ < (terminal ? options_.redraw_seconds : options_.line_seconds)) return;
    last_draw_ = now;
    measure_rate(now);
    Line line;
    layout(line, now, metrics, count);
    if (terminal) {
      draw(line);
    } else {
      put_line(line);
    }
  }

  /// Ends the epoch and shows its summary with the given metrics, which may be of a validation.
  void end_epoch(std::initializer_list<Metric> metrics = {}) {
    end_epoch(metrics.begin(), static_cast<int>(metrics.size()));
  }
  /// The same with the metrics in an array.
  TENON_COLD void end_epoch(const Metric* metrics, int count) {
    if (options_.mode == ProgressMode::silent || !stays(epoch_)) return;
    const double now = options_.clock();
    Line line, rate, duration;
    add_epoch(line);
    add_metrics(line, metrics, count);
    if (done_ > 0 && last_update_ > epoch_start_)
      add_rate(rate, static_cast<double>(done_) / (last_update_ - epoch_start_));
    duration.add("  ");
    add_duration(duration, now - epoch_start_);
    const int width = options_.mode == ProgressMode::terminal ? columns() - 1 : line.limit;
    if (line.columns + rate.columns + duration.columns <= width) line.add(rate);
    if (line.columns + duration.columns <= width) line.add(duration);
    put_line(line);
    last_draw_ = options_.mode == ProgressMode::plain ? now : now - options_.redraw_seconds;
  }

  /// Prints a line of the caller's own above the bar.
  TENON_COLD void print(const char* text) {
    if (options_.mode == ProgressMode::silent) return;
    if (drawn_) std::fputs("\r\x1b[K", options_.out);
    drawn_ = false;
    std::fputs(text, options_.out);
    std::fputc('\n', options_.out);
    std::fflush(options_.out);
  }

  /// How it draws, with `automatic` decided.
  ProgressMode mode() const { return options_.mode; }

 private:
  // Text of a bounded number of columns in a fixed buffer; a column is taken for a code point.
  struct Line {
    char text[1024];
    int bytes = 0;
    int columns = 0;
    int limit = 240;  // of 4 bytes each at most
    void add(const char* piece) {
      for (const char* p = piece; *p;) {
        int length = 1;
        while ((static_cast<unsigned char>(p[length]) & 0xc0) == 0x80) ++length;
        if (columns == limit || length > 4) return;
        std::memcpy(text + bytes, p, static_cast<std::size_t>(length));
        bytes += length;
        ++columns;
        p += length;
      }
    }
    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...) {
      char piece[160];
      std::va_list arguments;
      va_start(arguments, format);
      std::vsnprintf(piece, sizeof piece, format, arguments);
      va_end(arguments);
      add(piece);
    }
    void clear() { bytes = columns = 0; }
    void add(const Line& other) {
      char piece[sizeof other.text + 1];
      std::memcpy(piece, other.text, static_cast<std::size_t>(other.bytes));
      piece[other.bytes] = '\0';
      add(piece);
    }
  };

  static ProgressMode detect([[maybe_unused]] std::FILE* out) {
#if defined(TIOCGWINSZ)
    const char* term = std::getenv("TERM");
    if (::isatty(::fileno(out)) == 1 && term && std::strcmp(term, "dumb") != 0) return ProgressMode::terminal;
#endif
    return ProgressMode::plain;
  }

  static bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
      const char* value = std::getenv(name);
      if (value && *value)
        return std::strstr(value, "UTF-8") || std::strstr(value, "utf8") || std::strstr(value, "utf-8");
    }
    return false;
  }

  TENON_COLD int columns() const {
    if (options_.width > 0) return options_.width;
#if defined(TIOCGWINSZ)
    winsize size{};
    if (::ioctl(::fileno(options_.out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
    return 80;
  }

  // Whether the summary of an epoch stays on the screen or in the log.
  bool stays(int epoch) const {
    if (options_.lines <= 0) return epoch == epochs_;
    const int every = epochs_ > options_.lines ? (epochs_ + options_.lines - 1) / options_.lines : 1;
    return epoch == epochs_ || epoch == first_epoch_ || epoch % every == 0;
  }

  // Follows the rate of the last seconds, so that it settles soon after something changes.
  void measure_rate(double now) {
    const double seconds = now - rate_time_;
    if (seconds <= 0 || done_ <= rate_done_) return;
    const double rate = static_cast<double>(done_ - rate_done_) / seconds;
    rate_ = rate_ > 0 ? rate_ + 0.3 * (rate - rate_) : rate;
    rate_time_ = now;
    rate_done_ = done_;
  }

  // The time left at the pace of the run so far, validations included; negative: not known.
  double seconds_left(double now) const {
    if (total_ <= 0 || done_ <= 0) return -1;
    const double epoch_part = static_cast<double>(done_) / static_cast<double>(total_);
    if (epochs_ <= 0) return (now - epoch_start_) * (1 - epoch_part) / epoch_part;
    const double epochs_done = epoch_ - first_epoch_ + epoch_part;
    return (now - run_start_) * (epochs_ - first_epoch_ + 1 - epochs_done) / epochs_done;
  }

  void add_epoch(Line& line) const {
    char last[16];
    const int digits = std::snprintf(last, sizeof last, "%d", epochs_);
    if (epochs_ > 0) line.print("epoch %*d/%d", digits, epoch_, epochs_);
    if (epochs_ <= 0) line.print("epoch %d", epoch_);
  }

  TENON_COLD static void add_metrics(Line& line, const Metric* metrics, int count) {
    for (int i = 0; i < count; ++i) {
      const double x = metrics[i].value, size = x < 0 ? -x : x;
      line.print("  %.60s ", metrics[i].name);
      if (x != x) {
        line.add("nan");
      } else if (metrics[i].is_percent) {
        line.print("%.2f %%", 100 * x);
      } else {
        line.print(size == 0 || (size >= 1e-3 && size < 1e4) ? "%.4f" : "%.3e", x);
      }
    }
  }

  void add_rate(Line& line, double rate) const {
    const char* prefix = "";
    for (const char* next : {"k", "M", "G"})
      if (rate >= 999.5) rate /= 1000, prefix = next;
    char figure[24];
    std::snprintf(figure, sizeof figure, "%.*f%s", rate < 9.995 ? 2 : rate < 99.95 ? 1 : 0, rate, prefix);
    line.print("  %5s %.30s/s", figure, options_.unit);
  }

  TENON_COLD static void add_duration(Line& line, double seconds) {
    if (!(seconds < 360000)) return line.add("over 100 h");
    const int s = static_cast<int>(seconds + 0.5);
    if (s >= 3600) return line.print("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    if (seconds < 9.95)
      return line.print(seconds < 0.0995 ? "%.0f ms" : "%.1f s", seconds < 0.0995 ? 1000 * seconds : seconds);
    line.print("%d:%02d", s / 60, s % 60);
  }

  TENON_COLD void add_bar(Line& line, int width, double part) const {
    const int halves = static_cast<int>(part * 2 * width);
    for (int i = 0; i < width; ++i) {
      const int filled = halves - 2 * i;
      line.add(unicode_ ? (filled >= 2   ? "\u2501"
                           : filled == 1 ? "\u2578"
                                         : "\u2500")
                        : (filled >= 2   ? "="
                           : filled == 1 ? ">"
                                         : "-"));
    }
  }

  // Puts the parts into a line; on a terminal the less important ones give way until it fits.
  TENON_COLD void layout(Line& line, double now, const Metric* metrics, int count) {
    const bool terminal = options_.mode == ProgressMode::terminal;
    Line part, rate, figures, left;
    if (total_ > 0) part.print("  %3.0f %%", 100.0 * static_cast<double>(done_) / static_cast<double>(total_));
    if (total_ <= 0) part.print("  %td %.30s", done_, options_.unit);
    if (rate_ > 0) add_rate(rate, rate_);
    add_metrics(figures, metrics, count);
    if (const double seconds = seconds_left(now); seconds >= 0) {
      left.add("  ");
      add_duration(left, seconds);
      left.add(" left");
    }
    // The last column stays free: some terminals wrap as soon as it is written.
    if (terminal) line.limit = columns() - 1 < line.limit ? columns() - 1 : line.limit;
    add_epoch(line);
    if (terminal) {
      constexpr int shortest = 8, longest = 32;
      int free = line.limit - line.columns - part.columns - rate.columns - figures.columns - left.columns - 2;
      const auto give_way = [&](Line& piece, int needed) {
        if (free < needed) free += piece.columns, piece.clear();
      };
      give_way(rate, total_ > 0 ? shortest : -2);
      if (total_ > 0 && free >= shortest) {
        line.add("  ");
        add_bar(line, free < longest ? free : longest, static_cast<double>(done_) / static_cast<double>(total_));
      }
      give_way(left, -2);
      give_way(part, -2);
    }
    for (const Line* piece : {&part, &rate, &figures, &left}) line.add(*piece);
  }

  // In one write, so that nothing flickers, even if `out` is unbuffered.
  TENON_COLD void draw(const Line& line) {
    char frame[sizeof line.text + 8];
    const int bytes = std::snprintf(frame, sizeof frame, "\r%.*s\x1b[K", line.bytes, line.text);
    std::fwrite(frame, 1, static_cast<std::size_t>(bytes), options_.out);
    std::fflush(options_.out);
    drawn_ = true;
  }

  TENON_COLD void put_line(const Line& line) {
    if (drawn_) std::fputs("\r\x1b[K", options_.out);
    drawn_ = false;
    std::fwrite(line.text, 1, static_cast<std::size_t>(line.bytes), options_.out);
    std::fputc('\n', options_.out);
    std::fflush(options_.out);
  }

  ProgressOptions options_;
  int epochs_ = 0, epoch_ = 0, first_epoch_ = 0;
  index_t done_ = 0, total_ = 0, rate_done_ = 0;
  double run_start_ = 0, epoch_start_ = 0, last_update_ = 0, last_draw_ = 0, rate_ = 0, rate_time_ = 0;
  bool unicode_ = false;
  bool drawn_ = false;  // an unfinished line stands on the terminal
};

}  // namespace train
}  // namespace TENON_ABI
}  // namespace tenon
