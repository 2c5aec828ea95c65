// The progress bar: what it draws on terminals of several widths and into logs, and how often.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <string>
#include <tenon/train/progress.hpp>
#include <vector>

#if __has_include(<fcntl.h>) && __has_include(<unistd.h>)
#include <fcntl.h>
#include <unistd.h>
#endif

using namespace tenon;
using namespace tenon::train;

namespace {

double now = 0;
double fake_clock() { return now; }

// Collects what is drawn.
struct Screen {
  std::FILE* file = std::tmpfile();
  ProgressOptions options;
  explicit Screen(ProgressMode mode, int width = 80) {
    REQUIRE(file);
    now = 1000;
    options.out = file;
    options.mode = mode;
    options.width = width;
    options.clock = fake_clock;
  }
  ~Screen() { std::fclose(file); }
  std::string text() const {
    std::fflush(file);
    std::rewind(file);
    std::string out;
    for (int c; (c = std::fgetc(file)) != EOF;) out += static_cast<char>(c);
    return out;
  }
};

int count(const std::string& text, const char* part) {
  int n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++n;
  return n;
}
bool contains(const std::string& text, const char* part) { return text.find(part) != text.npos; }

int columns(const std::string& text) {
  int n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

// The redraws in terminal output: what stands between a carriage return and the erasure of the rest of the line.
std::vector<std::string> frames(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find('\r', at)) != text.npos; ++at) {
    const std::size_t end = text.find("\x1b[K", at);
    REQUIRE(end != text.npos);
    if (end > at + 1) out.push_back(text.substr(at + 1, end - at - 1));
  }
  return out;
}

// Two epochs of 100 batches of 8, 0.01 s each, and half a second of validation after each.
void run_training(const Screen& screen, int epochs = 2) {
  ProgressBar bar(epochs, screen.options);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    bar.begin_epoch(epoch);
    for (int i = 1; i <= 100; ++i) {
      now += 0.01;
      bar.update(8 * i, 800, {{"loss", 1.0 / i}, percent("accuracy", 0.01 * i)});
    }
    now += 0.5;
    bar.end_epoch({{"loss", 0.25}, percent("val", 0.9722)});
  }
}

}  // namespace

TEST_CASE("progress: a terminal line is redrawn in place, at most ten times a second, within the width") {
  for (const int width : {20, 30, 40, 50, 60, 70, 80, 100, 200}) {
    CAPTURE(width);
    const Screen screen(ProgressMode::terminal, width);
    run_training(screen);
    const std::string text = screen.text();
    const auto drawn = frames(text);
    CHECK(drawn.size() >= 18);
    CHECK(drawn.size() <= 22);
    CHECK(count(text, "\n") == 2);
    int widest = 0;
    for (const std::string& frame : drawn) {
      CHECK(frame.find("epoch ") == 0);
      widest = columns(frame) > widest ? columns(frame) : widest;
    }
    CHECK(widest < width);
    CHECK(widest > (width < 100 ? width * 2 / 3 : 70));
    if (width >= 80) {
      CHECK(contains(drawn[5], "loss 0.0"));
      CHECK(contains(drawn[5], "accuracy 5"));
      CHECK(contains(drawn[5], " s left"));
      CHECK(contains(drawn[5], " %"));
      CHECK(contains(text, "epoch 2/2  loss 0.2500  val 97.22 %    800 samples/s  1.5 s\n"));
    }
    if (width >= 100) CHECK(contains(drawn[5], "800 samples/s"));
  }
}

TEST_CASE("progress: the time left counts the epochs to come and their validations") {
  Screen screen(ProgressMode::terminal, 120);
  run_training(screen);
  const auto drawn = frames(screen.text());
  // The first epoch cannot know of the validation: after 0.5 s a quarter is done. The second does.
  CHECK((contains(drawn[5], "1.4 s left") || contains(drawn[5], "1.5 s left")));
  CHECK(contains(drawn[12], "s left"));
  for (std::size_t i = 0; i < drawn.size(); ++i) CHECK(contains(drawn[i], i < 10 ? "epoch 1/2" : "epoch 2/2"));

  Screen hours(ProgressMode::terminal, 120);
  {
    ProgressBar bar(3, hours.options);
    bar.begin_epoch(1);
    now += 3600;
    bar.update(1, 10, {{"loss", 0}});
    now += 3600;
    bar.update(1, 1000000, {{"loss", 0}});
  }
  CHECK(contains(hours.text(), "29:00:00 left"));
  CHECK(contains(hours.text(), "over 100 h left"));
}

TEST_CASE("progress: the bar grows from empty to full, in the characters that the locale has") {
  for (const bool utf8 : {false, true}) {
    setenv("LC_ALL", utf8 ? "C.UTF-8" : "C", 1);
    const Screen screen(ProgressMode::terminal, 100);
    {
      ProgressBar bar(1, screen.options);
      bar.begin_epoch(1);
      for (const int done : {0, 25, 50, 100, 150}) {
        now += 1;
        bar.update(done, 100);
      }
    }
    unsetenv("LC_ALL");
    const auto drawn = frames(screen.text());
    REQUIRE(drawn.size() == 5);
    const char *full = utf8 ? "\u2501" : "=", *empty = utf8 ? "\u2500" : "-";
    CHECK(count(drawn[0], full) == 0);
    CHECK(count(drawn[0], empty) == 32);
    CHECK(count(drawn[1], full) == 8);
    CHECK(count(drawn[2], full) == 16);
    CHECK(count(drawn[3], full) == 32);
    CHECK(contains(drawn[2], "50 %"));
    CHECK(drawn[4].substr(0, drawn[4].find('%')) == drawn[3].substr(0, drawn[3].find('%')));
  }
}

TEST_CASE("progress: a log has one plain line per epoch") {
  Screen screen(ProgressMode::plain);
  run_training(screen, 3);
  CHECK(screen.text() ==
        "epoch 1/3  loss 0.2500  val 97.22 %    800 samples/s  1.5 s\n"
        "epoch 2/3  loss 0.2500  val 97.22 %    800 samples/s  1.5 s\n"
        "epoch 3/3  loss 0.2500  val 97.22 %    800 samples/s  1.5 s\n");
}

TEST_CASE("progress: a log has a line now and then within a long epoch") {
  Screen screen(ProgressMode::plain);
  {
    ProgressBar bar(1, screen.options);
    bar.begin_epoch(1);
    for (int i = 1; i <= 100; ++i) {
      now += 0.5;
      bar.update(i, 100, {{"loss", 1.0}});
    }
    bar.end_epoch();
  }
  const std::string text = screen.text();
  CHECK(count(text, "\n") == 6);
  CHECK(text.find("epoch 1/1   20 %   2.00 samples/s  loss 1.0000  0:40 left\n") == 0);
  CHECK(contains(text, "epoch 1/1   2.00 samples/s  0:50\n"));
  CHECK(!contains(text, "\r"));
  CHECK(!contains(text, "\x1b"));
}

TEST_CASE("progress: of many epochs about twenty summaries stay, the first and the last among them") {
  for (const auto mode : {ProgressMode::plain, ProgressMode::terminal}) {
    Screen screen(mode);
    run_training(screen, 100);
    const std::string text = screen.text();
    CHECK(count(text, "\n") == 21);
    CHECK(contains(text, "epoch   1/100  loss 0.2500"));
    CHECK(contains(text, "epoch   5/100  loss 0.2500"));
    CHECK(!contains(text, "epoch   6/100  loss 0.2500"));
    CHECK(contains(text, "epoch 100/100  loss 0.2500"));
  }
  Screen none(ProgressMode::silent);
  run_training(none);
  CHECK(none.text().empty());
}

TEST_CASE("progress: unknown totals, odd figures, long names and lines of one's own") {
  Screen screen(ProgressMode::terminal, 100);
  {
    ProgressBar bar(0, screen.options);
    bar.begin_epoch(1);
    now += 1;
    bar.update(2500, 0, {{"loss", 0.0 / 0.0}, {"norm", -1.0 / 0.0}, {"small", 1e-7}, {"zero", 0}, {"big", -123456}});
    bar.print("a line of one's own");
    now += 1;
    bar.update(5000, 0, {{std::string(500, 'x').c_str(), 1}});
  }
  const std::string text = screen.text();
  const auto drawn = frames(text);
  // The rate gave way.
  CHECK(drawn[0] == "epoch 1  2500 samples  loss nan  norm -inf  small 1.000e-07  zero 0.0000  big -1.235e+05");
  CHECK(contains(text, "\r\x1b[Ka line of one's own\n"));
  CHECK(text.back() == '\n');  // a run that stops within an epoch leaves the prompt on a line of its own
  CHECK(columns(drawn[1]) < 100);
  CHECK(contains(drawn[1], "xxxx 1.0000"));

  Screen plain(ProgressMode::plain);
  {
    ProgressBar bar(2, plain.options);
    bar.begin_epoch(2);  // resumed
    bar.end_epoch();
  }
  CHECK(plain.text() == "epoch 2/2  0 ms\n");
}

#if defined(TIOCGWINSZ) && defined(O_NOCTTY)
TEST_CASE("progress: a terminal is recognised, and its width kept even when that changes") {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
    MESSAGE("SKIPPED the terminal: no pseudo-terminal to be had");
    return;
  }
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  REQUIRE(slave >= 0);
  std::FILE* out = fdopen(slave, "w");
  REQUIRE(out);
  setenv("TERM", "xterm", 1);
  ProgressOptions options;
  options.out = out;
  options.clock = fake_clock;
  std::string text;
  {
    ProgressBar bar(1, options);
    CHECK(bar.mode() == ProgressMode::terminal);
    bar.begin_epoch(1);
    for (const int width : {60, 40}) {
      winsize size{};
      size.ws_col = static_cast<unsigned short>(width);
      size.ws_row = 10;
      REQUIRE(ioctl(master, TIOCSWINSZ, &size) == 0);
      now += 1;
      bar.update(1, 2, {{"loss", 0.5}});
      char buffer[2000];
      const auto got = read(master, buffer, sizeof buffer);
      REQUIRE(got > 0);
      const auto drawn = frames(std::string(buffer, static_cast<std::size_t>(got)));
      REQUIRE(drawn.size() == 1);
      CHECK(columns(drawn[0]) < width);
      CHECK(columns(drawn[0]) > width - 12);
    }
  }
  setenv("TERM", "dumb", 1);
  CHECK(ProgressBar(1, options).mode() == ProgressMode::plain);
  std::fclose(out);
  close(master);
}
#endif
