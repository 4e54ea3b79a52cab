#include "engine/audit.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <vector>

namespace stir::engine {
namespace {

std::string UserName() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::string(found->pw_name) : std::to_string(getuid());
}

}  // namespace

store::AuditEntry EntryOf(const Host& host, std::string action, std::string subject, std::string detail,
                          const std::string& who) {
  std::array<char, 256> machine{};
  gethostname(machine.data(), machine.size() - 1);
  return {host.clock.Now(), who.empty() ? fmt::format("{}@{}", UserName(), machine.data()) : who, std::move(action),
          std::move(subject), std::move(detail)};
}

}  // namespace stir::engine
