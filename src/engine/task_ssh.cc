// `ssh` tasks: a command on another machine, through the system's OpenSSH client, which is a supervised process here.
// When the client goes, however it goes, the other side sees its input end, and ends the command with all that it
// started.
#include <fmt/format.h>

#include "base/process.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/task_job.h"
#include "platform/bind.h"

namespace stir::engine {
namespace {

constexpr int kClientFailed = 255;

std::string ShellQuoted(std::string_view text) { return "'" + ReplaceAll(text, "'", "'\\''") + "'"; }

// The command in a session of its own, beside a reader of the input that nobody writes to: its end means that we are
// gone.
std::string RemoteScript(const TaskJob& job, const platform::Task& bound) {
  std::string script = "exec 3<&0\n";
  for (const auto& [name, value] : EnvironmentOf(job, bound))
    script += fmt::format("export {}={}\n", name, ShellQuoted(value));
  script += "own=; command -v setsid >/dev/null 2>&1 && own=setsid\n";
  script += fmt::format("$own /bin/sh -c {} </dev/null 3<&- &\n", ShellQuoted(*bound.text));
  script +=
      "command=$!\n"
      "{ while read -r _; do :; done\n"
      "  kill -s TERM -- \"-$command\" || kill -s TERM \"$command\"; sleep 5\n"
      "  kill -s KILL -- \"-$command\" || kill -s KILL \"$command\"; } <&3 >/dev/null 2>&1 &\n"
      "watch=$!\n"
      "exec 3<&-\n"
      "wait \"$command\"; status=$?\n"
      "kill \"$watch\" 2>/dev/null\n"
      "exit \"$status\"\n"
      "# whole";  // one that is cut off is not run
  return script;
}

// What the client and the other side's shell are called with, which everybody there may see: the script, with the
// environment in it, comes as input, whose end is then what is waited for.
constexpr const char* kReadScript =
    R"(exec /bin/sh -c 'read -r size; script=$(dd bs=1 count="$size" 2>/dev/null)
case $script in *"# whole") eval "$script" ;; *) exit 255 ;; esac')";

std::string SshHint(std::string_view said) {
  if (said.find("Host key verification failed") != said.npos || said.find("No ED25519 host key") != said.npos)
    return "connect once by hand, or give the connection a file of `known_hosts`";
  if (said.find("Permission denied") != said.npos)
    return "nobody is there to type a password: give the connection a `key` that the host knows, without a passphrase "
           "or in an agent";
  return {};
}

Diagnostic SshFailure(const platform::Task& task, const ProcessEnd& end) {
  const bool client = end.result.end == ProcessResult::End::kExited && end.result.code == kClientFailed;
  const std::string hint = client ? SshHint(end.last_error) : std::string();
  std::string message = client ? fmt::format("ssh to `{}` failed", *task.subject)
                               : fmt::format("`ssh` to `{}` {}", *task.subject, Described(end.result));
  if (!end.last_error.empty()) message += ": " + end.last_error;
  return Diagnostic(hint.empty() ? kProcessFailed : kSshRefused, std::move(message), task.text.span).Hint(hint);
}

}  // namespace

TaskResult RunSshTask(TaskJob& job, const platform::Task& bound) {
  Workspace& workspace = job.workspace;
  platform::RunScope scope(workspace.values(), workspace.definitions(), workspace.secrets(), job.facts);
  auto defined = workspace.definitions().FindConnection(*bound.subject);
  if (!defined.ok()) return FailedTask(std::move(defined).error());
  const auto connection = platform::BindConnection(workspace.definitions(), **defined, scope);
  if (!connection.ok()) return FailedTask(connection.error());

  ProcessSpec spec;
  spec.argv = {"ssh"};
  spec.argv.insert(spec.argv.end(), connection->ssh.begin(), connection->ssh.end());
  spec.argv.emplace_back(kReadScript);
  const std::string script = RemoteScript(job, bound);
  spec.input = fmt::format("{}\n{}", script.size(), script);
  spec.hold_input = true;
  return Supervised(job, std::move(spec), [&](const ProcessEnd& end) { return SshFailure(bound, end); });
}

TaskResult TakeUpSshTask(TaskJob& job) {
  return Supervised(job, {}, [&](const ProcessEnd& end) { return SshFailure(job.definition, end); });
}

}  // namespace stir::engine
