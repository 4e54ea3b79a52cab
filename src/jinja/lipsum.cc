// The global function `lipsum`: paragraphs of words without meaning, to fill a page with.
#include <array>
#include <random>

#include <fmt/format.h>

#include "jinja/filters.h"

namespace stir::jinja {
namespace {

constexpr std::array<std::string_view, 64> kWords{
    "lorem",       "ipsum",  "dolor",   "sit",      "amet",    "ante",    "arcu",    "augue",   "bibendum", "blandit",
    "condimentum", "congue", "cras",    "cubilia",  "cursus",  "dapibus", "diam",    "dictum",  "duis",     "egestas",
    "eget",        "elit",   "enim",    "erat",     "eros",    "est",     "etiam",   "euismod", "fames",    "felis",
    "fringilla",   "fusce",  "gravida", "habitant", "iaculis", "in",      "integer", "justo",   "lacus",    "lectus",
    "leo",         "libero", "ligula",  "magna",    "massa",   "mattis",  "mauris",  "metus",   "mollis",   "morbi",
    "nec",         "neque",  "nibh",    "nisl",     "nulla",   "orci",    "ornare",  "pede",    "porta",    "proin",
    "purus",       "quam",   "risus",   "velit"};

std::string Paragraph(std::mt19937& random, int64_t length) {
  std::string text;
  size_t last = kWords.size();
  int64_t next_comma = 3, next_stop = 10;
  bool begins = true;
  auto below = [&](int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high - 1)(random); };
  for (int64_t i = 0; i < length; ++i) {
    size_t word = last;
    while (word == last) word = static_cast<size_t>(below(0, static_cast<int64_t>(kWords.size())));
    last = word;
    std::string shown(kWords[word]);
    if (std::exchange(begins, false)) shown[0] = static_cast<char>(shown[0] - 32);
    text += (text.empty() ? "" : " ") + shown;
    if (i + 1 == length) break;
    if (i >= next_stop) {
      next_stop = i + below(10, 20);
      text += '.';
      begins = true;
    } else if (i >= next_comma) {
      next_comma = i + below(3, 8);
      text += ',';
    }
  }
  return text + ".";
}

}  // namespace

Value LoremIpsum(Evaluator&, const Arguments& arguments) {
  Reader reader("generate_lorem_ipsum", arguments);
  const int64_t count = reader.OptionalInt("n", 5);
  const bool html = reader.OptionalBool("html", true);
  const int64_t least = reader.OptionalInt("min", 20), most = reader.OptionalInt("max", 100);
  reader.Finish();
  if (most > (1 << 16) || count > (1 << 10)) Fail(kTemplateLimit, "the text is too long");
  if (count > 0 && least >= most)
    FailValue(fmt::format("empty range for randrange() ({}, {}, {})", least, most, most - least));
  std::random_device device;
  std::mt19937 random(device());
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    const std::string paragraph = Paragraph(random, std::uniform_int_distribution<int64_t>(least, most - 1)(random));
    if (i > 0) text += html ? "\n" : "\n\n";
    text += html ? "<p>" + paragraph + "</p>" : paragraph;
  }
  return html ? Value::Markup(std::move(text)) : Value::String(std::move(text));
}

}  // namespace stir::jinja
