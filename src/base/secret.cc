// Redaction: a secret may turn up as it is, escaped inside JSON, or (a key file) one line at a time.
#include "base/secret.h"

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace stir {
namespace {

constexpr size_t kShortest = 3;
constexpr size_t kShortestLine = 8;  // a shorter line of a longer secret gives nothing away and may be ordinary text

std::vector<std::string> Forms(const std::string& value) {
  std::vector<std::string> forms{value};
  std::string quoted;
  AppendJsonString(quoted, value);
  forms.push_back(quoted.substr(1, quoted.size() - 2));
  if (value.find('\n') == std::string::npos) return forms;
  for (std::string_view line : Split(value, '\n')) {
    if (Strip(line).size() >= kShortestLine) forms.emplace_back(Strip(line));
  }
  return forms;
}

}  // namespace

void Redactor::Add(const Secret& secret) {
  if (secret.Reveal().size() < kShortest) return;
  std::vector<std::string> forms = Forms(secret.Reveal());
  std::lock_guard lock(mutex_);
  for (std::string& form : forms) values_.push_back(std::move(form));
  std::sort(values_.begin(), values_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  values_.erase(std::unique(values_.begin(), values_.end()), values_.end());
}

std::string Redactor::Redact(std::string_view text) const {
  std::string out(text);
  RedactInPlace(out);
  return out;
}

void Redactor::RedactInPlace(std::string& text) const {
  std::lock_guard lock(mutex_);
  for (const std::string& value : values_) {
    if (text.find(value) != std::string::npos) text = ReplaceAll(text, value, "*****");
  }
}

std::vector<std::string> Redactor::Values() const {
  std::lock_guard lock(mutex_);
  return values_;
}

}  // namespace stir
