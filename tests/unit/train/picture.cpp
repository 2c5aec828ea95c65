// The training picture: well-formed whatever it is given, and with the figures that were given.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <tenon/train/picture.hpp>

using namespace tenon;
using namespace tenon::train;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::string& text, const char* part) { return text.find(part) != text.npos; }
int count(const std::string& text, const char* part) {
  int n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++n;
  return n;
}

// What is wrong with the text as XML, or "" if nothing is: balanced tags, quoted attributes, known entities.
std::string defect(const std::string& xml) {
  std::vector<std::string> open;
  bool rooted = false;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    const char c = xml[i];
    if (c == '&') {
      bool known = false;
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;"})
        known = known || xml.compare(i, std::string(entity).size(), entity) == 0;
      if (!known) return "an unknown entity at " + xml.substr(i, 20);
    }
    if (c == '>') return "a stray > at " + xml.substr(i, 20);
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return "a control character";
    if (c != '<') {
      if (open.empty() && c != '\n') return "text outside of the root: " + xml.substr(i, 20);
      continue;
    }
    std::size_t end = i;
    bool quoted = false;
    while (end < xml.size() && (quoted || xml[end] != '>')) {
      if (xml[end] == '"') quoted = !quoted;
      if (xml[end] == '<' && end != i) return "a < inside of a tag at " + xml.substr(i, 40);
      ++end;
    }
    if (end == xml.size()) return "a tag without an end at " + xml.substr(i, 40);
    const std::string tag = xml.substr(i + 1, end - i - 1);
    i = end;
    if (tag[0] == '?') continue;
    const std::string name = tag.substr(tag[0] == '/', tag.find_first_of(" /", 1) - (tag[0] == '/'));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return "an end without its start: " + tag;
      open.pop_back();
    } else if (tag.back() != '/') {
      if (open.empty() && rooted) return "two roots";
      rooted = true;
      open.push_back(name);
    }
  }
  if (!open.empty()) return "not ended: " + open.back();
  return rooted ? "" : "no root";
}

// Draws it, checks that it is well-formed and has no figure that is none, and gives the text.
std::string drawn(const TrainingPicture& picture) {
  const std::string text = to_svg(picture);
  CHECK(defect(text) == "");
  for (const char* bad : {"nan", "inf", "NaN", "=\"\"", "e+"}) CHECK_MESSAGE(!contains(text, bad), std::string(bad));
  return text;
}

TrainingPicture digits() {
  TrainingPicture picture;
  picture.title = "digits";
  for (int epoch = 0; epoch < 30; ++epoch) {
    picture.loss.push_back(2.3 * std::exp(-0.15 * epoch));
    picture.accuracy.push_back(0.98 - 0.7 * std::exp(-0.4 * epoch));
  }
  picture.confusion.assign(100, 0);
  for (std::size_t i = 0; i < 10; ++i) picture.confusion[i * 11] = 35;
  picture.confusion[8] = 3;
  return picture;
}

}  // namespace

TEST_CASE("picture: the checker of well-formed text finds what is not") {
  CHECK(defect("<a b=\"c\"><d/>x</a>\n") == "");
  for (const char* bad : {"", "x", "<a>", "<a></b>", "</a>", "<a/><", "<a></a><b></b>", "<a>&</a>", "<a>&x;</a>",
                          "<a b=\"<\"></a>", "<a b=\"></a>", "<a>></a>", "<a>\x01</a>"})
    CHECK_MESSAGE(defect(bad) != "", std::string(bad));
}

TEST_CASE("picture: curves, axes, headings and the confusion matrix with its counts") {
  const std::string text = drawn(digits());
  CHECK(contains(text, ">digits</text>"));
  CHECK(contains(text, "<title>digits</title>"));
  CHECK(contains(text, ">training loss: 0.0297</text>"));
  CHECK(contains(text, ">test accuracy: 98 %</text>"));
  CHECK(contains(text, ">confusion matrix: 350 of 353 right (99.15 %)</text>"));
  CHECK(count(text, ">35</text>") == 10);
  CHECK(count(text, ">epoch</text>") == 2);
  for (const char* tick : {">1</text>", ">0.1</text>", ">30</text>", ">100 %</text>", ">9</text>"})
    CHECK(contains(text, tick));
  CHECK(count(text, "<path") == 2);
  CHECK(count(text, "<circle") == 2);
  CHECK(!contains(text, "no data"));
  CHECK(!contains(text, "<script"));
  CHECK(count(text, "http") == 1);  // the name space, which nothing loads
  CHECK(text == to_svg(digits()));
}

TEST_CASE("picture: missing parts are left out or said to be missing") {
  CHECK(count(drawn({}), "no data") == 2);
  TrainingPicture picture = digits();
  picture.loss.clear();
  CHECK(count(drawn(picture), "no data") == 1);
  picture = digits();
  picture.confusion.clear();
  CHECK(count(drawn(picture), "no data") == 1);
  picture.confusion.assign(4, 0);
  CHECK(count(drawn(picture), "no data") == 1);
  picture = digits();
  picture.accuracy.clear();
  const std::string text = drawn(picture);
  CHECK(count(text, "<path") == 1);
  CHECK(!contains(text, "test accuracy"));
}

TEST_CASE("picture: figures that are not finite leave gaps") {
  TrainingPicture picture;
  picture.loss = {2, 1, not_a_number, 3, infinite, -infinite, 4, 5};
  picture.accuracy = {not_a_number, 0.5, not_a_number};
  const std::string text = drawn(picture);
  CHECK(count(text, " M") + count(text, "\"M") == 4);  // three runs of the loss, one of the accuracy
  picture.loss = {not_a_number, infinite};
  picture.accuracy = {not_a_number};
  CHECK(count(drawn(picture), "no data") == 3);
  picture.loss = {not_a_number, 1};
  picture.accuracy = {1, -infinite};
  picture.loss_name = picture.accuracy_name = "";
  to_svg(picture);
  picture.loss = {3, 2, not_a_number};
  CHECK(defect(to_svg(picture)) == "");
  picture.loss = {3, 2, -not_a_number};
  picture.loss_name = "loss";
  CHECK(contains(to_svg(picture), ">loss: nan<"));
}

TEST_CASE("picture: constant, extreme and single values have an axis, too") {
  const double tiny = std::numeric_limits<double>::denorm_min(), huge = std::numeric_limits<double>::max();
  const std::vector<double> cases[] = {{0},
                                       {0, 0},
                                       {1, 1, 1},
                                       {-3},
                                       {-3, -3},
                                       {tiny},
                                       {tiny, 1},
                                       {huge},
                                       {huge, huge},
                                       {-huge, huge},
                                       {1, huge},
                                       {1e-300, 1e300},
                                       {tiny, tiny},
                                       {1e17, 1e17},
                                       {1e17, 1e17 + 32},
                                       {1, 1 + 1e-16, 1},
                                       {1e-5, 1},
                                       {-1, 1, 0},
                                       {0.9, 1.0},
                                       {1.0, 1.0},
                                       {1e-308, 1e-307}};
  for (const auto& values : cases) {
    CAPTURE(values[0]);
    TrainingPicture picture;
    picture.loss = picture.accuracy = values;
    const std::string text = to_svg(picture);
    CHECK(defect(text) == "");
    CHECK(!contains(text, "nan"));
    CHECK(text.size() < 20000);
  }
}

TEST_CASE("picture: long curves are drawn as means within a band, in a bounded size") {
  TrainingPicture picture;
  picture.loss_axis = "step";
  for (int i = 0; i < 200000; ++i) picture.loss.push_back((i % 2 ? 1.5 : 0.5) + (i < 100 ? 10 : 0));
  const std::string text = drawn(picture);
  CHECK(text.size() < 40000);
  CHECK(count(text, "<path") == 2);
  CHECK(contains(text, ">200000</text>"));
  CHECK(contains(text, ">step</text>"));
  CHECK(contains(text, ">training loss: 1</text>"));  // of the last mean, as drawn
  picture.loss[150000] = not_a_number;
  CHECK(count(drawn(picture), "<path") == 2);
}

TEST_CASE("picture: any text and any number of classes") {
  TrainingPicture picture = digits();
  picture.title =
      "<b> & \"q\" 'a' \x01\x7f\t\xff\xc0\xaf\xed\xa0\x80\xef\xbf\xbf\xc3 8\xc3\x97"
      "8 \xf0\x9f\x98\x80";
  picture.classes = {"a", "<script>", "&", "a very long name", "\xe6\x95\xb0\xe5\xad\x97", "", " ", "\xc3", "i", "j"};
  picture.loss_axis = "<";
  const std::string text = drawn(picture);
  CHECK(contains(text,
                 "&lt;b&gt; &amp; &quot;q&quot; 'a'    ?????????? 8\xc3\x97"
                 "8 \xf0\x9f\x98\x80</text>"));
  CHECK(contains(text, ">&lt;script&gt;</text>"));
  CHECK(contains(text, ">a very lon\u2026</text>"));

  for (const std::size_t n : {1u, 2u, 3u, 25u, 40u, 100u}) {
    TrainingPicture many;
    many.confusion.assign(n * n, 1);
    many.confusion[0] = 1000000;
    const std::string matrix = drawn(many);
    CHECK(count(matrix, "<rect") == 3 + static_cast<int>(n * n));
    CHECK(contains(matrix, ">1000000</text>") == (n <= 3));
  }
  TrainingPicture negative;
  negative.confusion = {1, -1, 0, 5};
  CHECK(contains(drawn(negative), ">-1</text>"));
}

TEST_CASE("picture: a matrix that is not square or does not fit its names is refused, and so is an impossible path") {
  TrainingPicture picture;
  picture.confusion.assign(99, 1);
  CHECK_THROWS_WITH_AS(to_svg(picture), "tenon: a confusion matrix of 99 counts for 0 class names", value_error);
  picture.confusion.assign(100, 1);
  picture.classes.assign(9, "x");
  CHECK_THROWS_AS(to_svg(picture), value_error);
  CHECK_THROWS_WITH_AS(write_svg("/nonexistent/a.svg", {}), "tenon: cannot write '/nonexistent/a.svg'", value_error);

  std::string pattern = (std::filesystem::temp_directory_path() / "tenon-picture-XXXXXX").string();
  const int handle = mkstemp(pattern.data());
  REQUIRE(handle >= 0);
  write_svg(pattern, digits());
  std::FILE* written = fdopen(handle, "rb");
  REQUIRE(written);
  std::string text;
  for (int c; (c = std::fgetc(written)) != EOF;) text += static_cast<char>(c);
  std::fclose(written);
  std::remove(pattern.c_str());
  CHECK(text == to_svg(digits()));
}
