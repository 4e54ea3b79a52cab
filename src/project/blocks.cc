// One pass over the text that knows comments, raw sections and texts inside tags, and nothing else of the language.
#include "project/blocks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "project/kinds.h"

namespace stir::project {

namespace {

struct Tag {
  std::string_view word, name;  // "macro", "cents"
  size_t begin = 0, end = 0;    // with the delimiters
  size_t name_begin = 0;
};

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)); }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // The next statement tag, or none at the end. Expressions, comments and raw sections are passed over.
  std::optional<Tag> Next() {
    while (true) {
      at_ = text_.find('{', at_);
      if (at_ == std::string_view::npos || at_ + 1 >= text_.size()) return std::nullopt;
      const char kind = text_[at_ + 1];
      if (kind == '#') {
        at_ = After("#}", at_ + 2);
      } else if (kind == '{') {
        at_ = AfterCode("}}", at_ + 2);
      } else if (kind == '%') {
        const Tag tag = ReadTag();
        if (tag.word != "raw") return tag;
        SkipRaw();
      } else {
        ++at_;
      }
    }
  }

  // The place after the closing tag `word`, skipping nothing that could hold it: for documents, whose text is free.
  std::optional<Tag> FindClosing(std::string_view word) {
    while (true) {
      at_ = text_.find("{%", at_);
      if (at_ == std::string_view::npos) return std::nullopt;
      const Tag tag = ReadTag();
      if (tag.word == word) return tag;
      at_ = tag.begin + 2;
    }
  }

 private:
  size_t After(std::string_view end, size_t from) const {
    const size_t found = text_.find(end, from);
    return found == std::string_view::npos ? text_.size() : found + end.size();
  }

  // The place after `end`, which does not count inside quotes.
  size_t AfterCode(std::string_view end, size_t from) const {
    for (size_t i = from; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '\'' || c == '"') {
        i = ClosingQuote(i);
      } else if (text_.substr(i, end.size()) == end) {
        return i + end.size();
      }
    }
    return text_.size();
  }

  size_t ClosingQuote(size_t open) const {
    for (size_t i = open + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == text_[open]) {
        return i;
      }
    }
    return text_.size();
  }

  std::string_view ReadWord(size_t& at) const {
    while (at < text_.size() && IsSpace(text_[at])) ++at;
    const size_t begin = at;
    while (at < text_.size() && IsWordCharacter(text_[at])) ++at;
    return text_.substr(begin, at - begin);
  }

  Tag ReadTag() {
    Tag tag;
    tag.begin = at_;
    size_t inside = at_ + 2;
    if (inside < text_.size() && (text_[inside] == '-' || text_[inside] == '+')) ++inside;
    tag.word = ReadWord(inside);
    size_t after_name = inside;
    tag.name = ReadWord(after_name);
    tag.name_begin = after_name - tag.name.size();
    tag.end = at_ = AfterCode("%}", inside);
    return tag;
  }

  void SkipRaw() {
    while (true) {
      at_ = text_.find("{%", at_);
      if (at_ == std::string_view::npos) at_ = text_.size();
      if (at_ == text_.size() || ReadTag().word == "endraw") return;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

constexpr std::array<std::string_view, 2> kControls{"if", "for"};

class Finder {
 public:
  Finder(std::string_view text, SourceId source, std::span<const std::string_view> types, Diagnostics& errors)
      : text_(text), source_(source), types_(types), errors_(errors), scanner_(text) {}

  std::vector<Block> Find() && {
    while (std::optional<Tag> tag = scanner_.Next()) {
      if (std::ranges::find(kControls, tag->word) != kControls.end()) {
        open_.push_back(*tag);
      } else if (!open_.empty() && tag->word == "end" + std::string(open_.back().word)) {
        open_.pop_back();
      } else if (std::ranges::find(types_, tag->word) != types_.end()) {
        Take(*tag);
      }
    }
    return std::move(blocks_);
  }

 private:
  Span SpanOf(size_t begin, size_t end) const {
    return {source_, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }

  void Take(const Tag& opening) {
    const Span span = SpanOf(opening.begin, opening.end);
    if (!open_.empty()) {
      errors_.push_back(
          Diagnostic(kBlockNested, "a `" + std::string(opening.word) + "` block must stand at the top level", span)
              .With({SpanOf(open_.back().begin, open_.back().end),
                     "inside this `" + std::string(open_.back().word) + "`"}));
      FindClosing(opening);
      return;
    }
    const std::optional<Tag> closing = FindClosing(opening);
    if (!closing) {
      const std::string end = "{% end" + std::string(opening.word) + " %}";
      errors_.push_back(
          Diagnostic(kBlockNotClosed, "this `" + std::string(opening.word) + "` block is not closed", span)
              .Hint("close it with `" + end + "`"));
      return;
    }
    Block block;
    block.type = opening.word;
    block.name = opening.name;
    const auto [begin, end] = Widened(opening, *closing);
    block.text = text_.substr(begin, end - begin);
    block.contents = text_.substr(opening.end, closing->begin - opening.end);
    block.span = SpanOf(begin, end);
    taken_ = end;
    block.name_span = SpanOf(opening.name_begin, opening.name_begin + opening.name.size());
    block.contents_begin = static_cast<uint32_t>(opening.end);
    blocks_.push_back(block);
  }

  // White space that the block's own dashes swallow is part of it, but for that at the file's ends: dbt strips files.
  std::pair<size_t, size_t> Widened(const Tag& opening, const Tag& closing) const {
    size_t begin = opening.begin, end = closing.end;
    if (text_.substr(begin, 3) == "{%-") {
      while (begin > taken_ && IsSpace(text_[begin - 1])) --begin;
      if (begin == 0) begin = opening.begin;
    }
    if (end >= 3 && text_.substr(end - 3, 3) == "-%}") {
      while (end < text_.size() && IsSpace(text_[end])) ++end;
      if (end == text_.size()) end = closing.end;
    }
    return {begin, end};
  }

  std::optional<Tag> FindClosing(const Tag& opening) {
    const std::string end = "end" + std::string(opening.word);
    if (opening.word == "docs") return scanner_.FindClosing(end);
    while (std::optional<Tag> tag = scanner_.Next()) {
      if (tag->word == end) return tag;
    }
    return std::nullopt;
  }

  std::string_view text_;
  SourceId source_;
  std::span<const std::string_view> types_;
  Diagnostics& errors_;
  std::vector<Block> blocks_;
  Scanner scanner_;
  std::vector<Tag> open_;
  size_t taken_ = 0;  // where the last block ended
};

}  // namespace

std::vector<Block> FindBlocks(std::string_view text, SourceId source, std::span<const std::string_view> types,
                              Diagnostics& errors) {
  return Finder(text, source, types, errors).Find();
}

}  // namespace stir::project
