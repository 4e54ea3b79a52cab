// A diagnostic is a heading, excerpts (a source line with its marks), the macro stack and the hint. Nothing in a user's
// text can reach the terminal as a control sequence: tabs are expanded, other control characters replaced.
#include "base/diagnostic_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "base/strings.h"
#include "base/utf8.h"

namespace stir {
namespace {

constexpr int kTabWidth = 4;
constexpr size_t kWidest = 120;      // columns of a source line that are shown; the rest is cut around the mark
constexpr size_t kMostFrames = 16;   // of a macro stack; from a deeper one the middle is left out
constexpr size_t kInnerFrames = 12;  // of those, how many are the innermost
constexpr size_t kContext = 40;      // columns kept before the mark of a line that is cut

constexpr std::string_view kReset = "\x1b[0m", kBold = "\x1b[1m", kRed = "\x1b[1;31m", kYellow = "\x1b[1;33m",
                           kCyan = "\x1b[1;36m", kGray = "\x1b[90m";

std::string_view Word(Severity severity) {
  constexpr std::string_view kWords[] = {"note", "warning", "error"};
  return kWords[static_cast<size_t>(severity)];
}

std::string_view ColorOf(Severity severity) {
  constexpr std::string_view kColors[] = {kCyan, kYellow, kRed};
  return kColors[static_cast<size_t>(severity)];
}

// One source line as a terminal shows it, with the column at which each byte starts.
struct ShownLine {
  std::string text;
  std::vector<size_t> column_of;  // by byte of the source line, plus one for its end
  std::vector<size_t> byte_of;    // by column: where that column starts in `text`, plus one for its end
};

ShownLine Show(std::string_view line) {
  ShownLine shown;
  size_t column = 0;
  const auto put = [&](std::string_view glyph, int width) {
    for (int i = 0; i < width; ++i) shown.byte_of.push_back(shown.text.size());
    shown.text += glyph;
    column += static_cast<size_t>(width);
  };
  for (size_t at = 0; at < line.size();) {
    const CodePoint c = DecodeUtf8(line, at);
    shown.column_of.insert(shown.column_of.end(), c.length, column);
    if (c.value == '\t') {
      do put(" ", 1);
      while (column % kTabWidth != 0);
    } else if (!c.valid || c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0)) {
      put("\xEF\xBF\xBD", 1);
    } else {
      put(line.substr(at, c.length), DisplayWidth(c.value));
    }
    at += c.length;
  }
  shown.column_of.push_back(column);
  shown.byte_of.push_back(shown.text.size());
  return shown;
}

std::string_view WithoutMark(std::string_view line, uint32_t number) {
  if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  return line;
}

// A place in the text of one line: which line, and the bytes of the line that are marked.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;  // 1-based, code points
  size_t begin = 0;
  size_t end = 0;  // > begin, unless the mark is at the end of the line
};

Place PlaceOf(const Span& span, const SourceMap& sources) {
  const LineColumn at = sources.Locate(span.source, span.begin);
  const std::string_view line = WithoutMark(sources.Line(span.source, at.line), at.line);
  Place place{at.line, at.column, 0, 0};
  for (uint32_t i = 1; i < at.column && place.begin < line.size(); ++i)
    place.begin += DecodeUtf8(line, place.begin).length;
  const size_t length = span.end > span.begin ? span.end - span.begin : 0;
  place.end = std::min(line.size(), place.begin + length);
  return place;
}

class Renderer {
 public:
  Renderer(const SourceMap& sources, bool color) : sources_(sources), color_(color) {}

  std::string Render(const Diagnostic& diagnostic) {
    out_.clear();
    gutter_ = GutterWidth(diagnostic);
    Heading(diagnostic);
    if (diagnostic.span) Excerpt(diagnostic.span, '^', ColorOf(diagnostic.severity), {});
    for (const Label& label : diagnostic.labels) Explain(label, diagnostic.span);
    Trace(diagnostic.trace);
    if (!diagnostic.hint.empty()) Paragraph("  " + Paint(kCyan, "hint:") + " ", diagnostic.hint);
    return std::move(out_);
  }

 private:
  std::string Paint(std::string_view color, std::string_view text) const {
    return color_ ? fmt::format("{}{}{}", color, text, kReset) : std::string(text);
  }

  std::string Where(const Span& span) const {
    const LineColumn at = sources_.Locate(span.source, span.begin);
    return fmt::format("{}:{}:{}", Clean(sources_.Name(span.source)), at.line, at.column);
  }

  // The user's words without control characters; line ends and tabs stay.
  static std::string Clean(std::string_view text) {
    std::string clean;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F)
        AppendUtf8(clean, kReplacement);
      else
        clean.push_back(c);
    }
    return clean;
  }

  size_t GutterWidth(const Diagnostic& diagnostic) const {
    uint32_t largest = diagnostic.span ? sources_.Locate(diagnostic.span.source, diagnostic.span.begin).line : 0;
    for (const Label& label : diagnostic.labels) {
      if (label.span) largest = std::max(largest, sources_.Locate(label.span.source, label.span.begin).line);
    }
    return std::to_string(largest).size();
  }

  // `text` after `lead`, its further lines indented below it.
  void Paragraph(std::string_view lead, std::string_view text) {
    out_ += lead;
    out_ += ReplaceAll(Strip(Clean(text)), "\n", "\n    ");
    out_ += '\n';
  }

  void Heading(const Diagnostic& diagnostic) {
    std::string lead;
    if (diagnostic.span)
      lead = Paint(kBold, Where(diagnostic.span) + ":") + " ";
    else if (!diagnostic.subject.empty())
      lead = Paint(kBold, Clean(diagnostic.subject) + ":") + " ";
    lead +=
        Paint(ColorOf(diagnostic.severity), fmt::format("{}[{}]:", Word(diagnostic.severity), diagnostic.kind.name));
    Paragraph(lead + " ", diagnostic.message);
  }

  void Gutter(std::string_view number) { out_ += Paint(kGray, fmt::format("  {:>{}} |", number, gutter_)); }

  void Excerpt(const Span& span, char mark, std::string_view color, std::string_view note) {
    const Place place = PlaceOf(span, sources_);
    const std::string_view line = WithoutMark(sources_.Line(span.source, place.line), place.line);
    const ShownLine shown = Show(line);
    const size_t begin = shown.column_of[place.begin];
    const size_t width = shown.column_of.back();
    size_t first = 0, last = width;
    if (width > kWidest) {
      first = begin > kContext ? begin - kContext : 0;
      last = std::min(width, first + kWidest);
    }
    const std::string_view before = first > 0 ? "..." : "";
    const size_t from = shown.byte_of[first], to = shown.byte_of[last];
    Gutter(std::to_string(place.line));
    out_ += fmt::format(" {}{}{}\n", before, std::string_view(shown.text).substr(from, to - from),
                        last < width ? "..." : "");
    Gutter("");
    const size_t end = std::clamp(shown.column_of[place.end], begin + 1, std::max(last, begin + 1));
    const std::string marks(end - begin, mark);
    out_ += fmt::format(" {:{}}{}{}{}\n", "", before.size() + begin - first, Paint(color, marks),
                        note.empty() ? "" : " ", Clean(note));
  }

  void Explain(const Label& label, const Span& primary) {
    if (!label.span) return Paragraph("  " + Paint(kBold, "note:") + " ", label.text);
    if (label.span.source != primary.source) {
      out_ += fmt::format("  {} {}\n", Paint(kGray, "-->"), Paint(kBold, Where(label.span)));
    }
    Excerpt(label.span, '-', kCyan, label.text);
  }

  // A stack that is deeper than a person reads keeps both its ends.
  void Trace(const std::vector<TraceFrame>& trace) {
    const size_t hidden = trace.size() > kMostFrames ? trace.size() - kMostFrames : 0;
    for (size_t i = 0; i < trace.size(); ++i) {
      if (hidden != 0 && i == kInnerFrames) {
        out_ += fmt::format("  ... {} more\n", hidden);
        i += hidden;
      }
      Frame(trace[i]);
    }
  }

  void Frame(const TraceFrame& frame) {
    out_ += fmt::format("  in `{}`", Clean(frame.name));
    if (frame.span) out_ += fmt::format(" at {}", Where(frame.span));
    out_ += '\n';
  }

  const SourceMap& sources_;
  const bool color_;
  size_t gutter_ = 1;
  std::string out_;
};

bool SameThing(const Diagnostic& a, const Diagnostic& b) {
  return a.kind == b.kind && a.span == b.span && a.message == b.message && a.subject == b.subject;
}

}  // namespace

std::string RenderDiagnostic(const Diagnostic& diagnostic, const SourceMap& sources, bool color) {
  return Renderer(sources, color).Render(diagnostic);
}

std::string RenderDiagnostics(const Diagnostics& diagnostics, const SourceMap& sources, bool color) {
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& each : diagnostics) {
    const bool known =
        std::any_of(order.begin(), order.end(), [&](const Diagnostic* seen) { return SameThing(*seen, each); });
    if (!known) order.push_back(&each);
  }
  const auto place = [&](const Diagnostic* each) {
    const std::string_view name = each->span ? sources.Name(each->span.source) : std::string_view(each->subject);
    return std::tuple(!each->span, name, each->span.begin);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Diagnostic* a, const Diagnostic* b) { return place(a) < place(b); });
  std::string text;
  for (const Diagnostic* each : order) text += RenderDiagnostic(*each, sources, color);
  return text;
}

}  // namespace stir
