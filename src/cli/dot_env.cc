#include "cli/dot_env.h"

#include "base/strings.h"

namespace stir::cli {
namespace {

using Variables = std::map<std::string, std::string>;

char Unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    default:
      return c;
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  bool Done() const { return at_ >= text_.size(); }

  // True when the line that begins here sets a variable.
  bool Next(std::string& name, std::string& value, bool& literal) {
    SkipBlank(true);
    const size_t begin = at_;
    if (text_.substr(at_).starts_with("export ")) at_ += 7;
    SkipBlank(false);
    const size_t key = at_;
    while (!Done() && text_[at_] != '=' && text_[at_] != '#' && !IsSpace(text_[at_])) ++at_;
    name = text_.substr(key, at_ - key);
    SkipBlank(false);
    if (name.empty() || Done() || text_[at_] != '=') {
      at_ = begin;
      SkipLine();
      return false;
    }
    ++at_;
    SkipBlank(false);
    ReadValue(value, literal);
    return true;
  }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void SkipBlank(bool lines) {
    while (!Done() && IsSpace(text_[at_]) && (lines || text_[at_] != '\n')) ++at_;
  }
  void SkipLine() {
    while (!Done() && text_[at_] != '\n') ++at_;
    if (!Done()) ++at_;
  }

  void ReadValue(std::string& value, bool& literal) {
    value.clear();
    literal = false;
    if (!Done() && (text_[at_] == '\'' || text_[at_] == '"')) {
      const char quote = text_[at_++];
      literal = quote == '\'';
      while (!Done() && text_[at_] != quote) {
        const bool escape = text_[at_] == '\\' && at_ + 1 < text_.size();
        if (escape) ++at_;
        value += escape && !literal ? Unescaped(text_[at_]) : text_[at_];
        ++at_;
      }
      return SkipLine();
    }
    const size_t begin = at_;
    while (!Done() && text_[at_] != '\n') ++at_;
    std::string_view line = text_.substr(begin, at_ - begin);
    for (size_t i = 1; i < line.size(); ++i) {
      if (line[i] == '#' && IsSpace(line[i - 1])) line = line.substr(0, i);
    }
    value = Strip(line);
  }

  std::string_view text_;
  size_t at_ = 0;
};

// `${NAME}` and `${NAME:-other}`.
std::string Expanded(std::string_view value, const Variables& variables) {
  std::string out;
  while (!value.empty()) {
    const size_t open = value.find("${");
    const size_t close = open == value.npos ? value.npos : value.find('}', open);
    out += value.substr(0, close == value.npos ? value.npos : open);
    if (close == value.npos) return out;
    const std::string_view inside = value.substr(open + 2, close - open - 2);
    const size_t dash = inside.find(":-");
    const auto found = variables.find(std::string(inside.substr(0, dash)));
    if (found != variables.end()) {
      out += found->second;
    } else if (dash != inside.npos) {
      out += inside.substr(dash + 2);
    }
    value.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

void AddDotEnv(std::string_view text, Variables& environment) {
  Reader reader(text);
  Variables found;
  Variables known = environment;
  while (!reader.Done()) {
    std::string name, value;
    bool literal = false;
    if (!reader.Next(name, value, literal)) continue;
    if (!literal) value = Expanded(value, known);
    found.insert_or_assign(name, value);
    known.emplace(name, std::move(value));
  }
  environment.merge(found);  // what the environment has stays
}

}  // namespace stir::cli
