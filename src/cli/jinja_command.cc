// `stir jinja`: JSON lines from standard input, answered one by one.
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "jinja/json_lines.h"

namespace stir::cli {
namespace {

void Put(std::string& out) {
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
  out.clear();
}

}  // namespace

int RunJinja(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  std::string in, out;
  std::array<char, 1 << 16> buffer{};
  // What came in is answered before more is waited for: a program may ask line by line.
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ReportFailure({Diagnostic(kBadUsage, "standard input cannot be read")}, session);
    in.append(buffer.data(), static_cast<size_t>(got));
    if (got == 0 && !in.empty() && !in.ends_with('\n')) in += '\n';
    size_t begin = 0;
    for (size_t end; (end = in.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line = std::string_view(in).substr(begin, end - begin);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) out += jinja::AnswerLine(line);
    }
    in.erase(0, begin);
    Put(out);
    if (got == 0) return 0;
  }
}

}  // namespace stir::cli
