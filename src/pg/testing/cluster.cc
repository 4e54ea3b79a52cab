// Starting and stopping the tests' cluster. PostgreSQL refuses to run as root, so root lends it the account `postgres`.
#include "pg/testing/cluster.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/process.h"
#include "pg/session.h"

namespace stir::pg::testing {
namespace {

namespace stdfs = std::filesystem;

[[noreturn]] void Fail(const std::string& message) {
  std::cerr << "no PostgreSQL for the tests: " << message << "\n";
  std::exit(1);
}

void Run(std::vector<std::string> argv, const std::string& directory) {
  if (geteuid() == 0) argv.insert(argv.begin(), {"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"});
  std::string said;
  const std::string shown = fmt::format("{}", fmt::join(argv, " "));
  const auto done = RunProcess({.argv = std::move(argv), .directory = directory},
                               [&](Stream, std::string_view line) { said += fmt::format("\n  {}", line); });
  if (!done.ok()) Fail(done.error().front().message);
  if (done->end != ProcessResult::End::kExited || done->code != 0) Fail(fmt::format("{} failed{}", shown, said));
}

std::string FindBin() {
  if (const char* named = std::getenv("STIR_TEST_PG_BIN"); named != nullptr && *named != '\0') return named;
  return "/usr/lib/postgresql/15/bin";
}

// Who comes through the socket is trusted, with one exception; by TCP nobody is let in who is not named.
void GuardRoles(const std::string& file, const std::string& owner) {
  std::ofstream(file) << "local all guarded scram-sha-256\nlocal all all trust\nlocal replication all trust\n"
                      << "host all guarded 127.0.0.0/8 scram-sha-256\n"
                      << "hostssl all tls_only 127.0.0.0/8 trust\nhostnossl all tls_only 127.0.0.0/8 reject\n"
                      << "host all " << owner << " 127.0.0.0/8 trust\n";
}

// All of 127.0.0.0/8 is this machine, so each process can have an address of its own.
std::string AddressOf(pid_t process) {
  const auto pid = static_cast<unsigned>(process);
  return fmt::format("127.{}.{}.{}", 1 + (pid >> 16 & 0x7f), pid >> 8 & 0xff, pid & 0xff);
}

}  // namespace

Cluster& Cluster::Get() {
  static Cluster cluster;
  return cluster;
}

Cluster::Cluster() : port_("54321"), user_("stir"), bin_(FindBin()), address_(AddressOf(getpid())) {
  if (!stdfs::exists(bin_ + "/initdb")) Fail(bin_ + "/initdb is not there; `tools/setup test` installs it");
  std::string pattern = "/tmp/stir-pg-XXXXXX";  // short: a socket's path has at most 107 bytes
  if (mkdtemp(pattern.data()) == nullptr) Fail("no temporary folder");
  folder_ = host_ = pattern;
  if (geteuid() == 0) Run({"true"}, "/");
  if (geteuid() == 0 && std::system(fmt::format("chown postgres: {}", folder_).c_str()) != 0) Fail("chown failed");
  Run({bin_ + "/initdb", "--pgdata", folder_ + "/data", "--username", user_, "--auth", "trust", "--encoding", "UTF8",
       "--locale", "C.UTF-8", "--no-sync"},
      folder_);
  GuardRoles(folder_ + "/data/pg_hba.conf", user_);
  Start();
}

Cluster::~Cluster() {
  if (has_standby_) StopIn(folder_ + "/standby");
  Stop();
  std::error_code ignored;
  stdfs::remove_all(folder_, ignored);
}

void Cluster::Start() {
  StartIn(folder_ + "/data", fmt::format("-c listen_addresses='{}' -c ssl={} -c port={}", listens_ ? address_ : "",
                                         tls_ ? "on" : "off", port_));
}

void Cluster::StartIn(const std::string& data, const std::string& options) {
  const std::string all = fmt::format(
      "{} -c unix_socket_directories='{}' -c fsync=off -c wal_level=logical -c max_connections=60 -c timezone=UTC",
      options, folder_);
  Run({bin_ + "/pg_ctl", "--pgdata", data, "--log", data + ".log", "--wait", "--options", all, "start"}, folder_);
}

void Cluster::Stop() { StopIn(folder_ + "/data"); }

void Cluster::StopIn(const std::string& data) {
  Run({bin_ + "/pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop"}, "/");
}

std::string Cluster::StartStandby() {
  const std::string port = std::to_string(std::stoi(port_) + 1);
  const std::string data = folder_ + "/standby";
  if (has_standby_) return port;
  Run({bin_ + "/pg_basebackup", "--host", host_, "--port", port_, "--username", user_, "--pgdata", data,
       "--write-recovery-conf", "--checkpoint", "fast", "--no-sync"},
      folder_);
  StartIn(data, fmt::format("-c listen_addresses='' -c port={} -c max_standby_streaming_delay=300ms", port));
  has_standby_ = true;
  return port;
}

void Cluster::Listen(const std::string& certificate, const std::string& key) {
  tls_ = !certificate.empty();
  const std::vector<std::pair<std::string, std::string>> files = {{certificate, "server.crt"}, {key, "server.key"}};
  for (const auto& [from, name] : files) {
    if (!tls_) break;
    const stdfs::path to = stdfs::path(folder_) / "data" / name;
    stdfs::copy_file(from, to, stdfs::copy_options::overwrite_existing);
    stdfs::permissions(to, stdfs::perms::owner_read);  // the server insists
    struct stat owner{};
    if (stat((folder_ + "/data").c_str(), &owner) != 0 || chown(to.c_str(), owner.st_uid, owner.st_gid) != 0)
      Fail("the server's certificate cannot be put into place");
  }
  listens_ = true;
  Crash();
}

void Cluster::Crash() {
  Stop();
  Start();
}

// The postmaster first, so that it starts no more.
void Cluster::Signal(int signal) const {
  pid_t postmaster = 0;
  std::ifstream(folder_ + "/data/postmaster.pid") >> postmaster;
  if (postmaster <= 0 || kill(postmaster, signal) != 0) Fail("the server cannot be signaled");
  for (const auto& entry : stdfs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string command, state;
    pid_t pid = 0, parent = 0;
    std::ifstream(entry.path() / "stat") >> pid >> command >> state >> parent;
    if (parent == postmaster) kill(pid, signal);
  }
}

void Cluster::Freeze() const { Signal(SIGSTOP); }
void Cluster::Thaw() const { Signal(SIGCONT); }

void Cluster::SetGuardedPassword(const std::string& password) {
  auto session =
      Session::Open({.parameters = {{"host", host_}, {"port", port_}, {"user", user_}, {"dbname", "postgres"}}});
  if (!session.ok()) Fail(session.error().front().message);
  const auto made =
      (*session)->Execute(fmt::format("do $$ begin create role guarded login; exception when duplicate_object then end "
                                      "$$; alter role guarded password '{}'",
                                      password));
  if (!made.ok()) Fail(made.error().front().message);
}

std::string Cluster::MakeDatabase() {
  std::string name = fmt::format("test_{}", ++databases_);
  MakeDatabase(name);
  return name;
}

void Cluster::MakeDatabase(const std::string& name) {
  auto session =
      Session::Open({.parameters = {{"host", host_}, {"port", port_}, {"user", user_}, {"dbname", "postgres"}}});
  if (!session.ok()) Fail(session.error().front().message);
  for (const char* statement :
       {"drop database if exists \"{}\" with (force)", "create database \"{}\" template template0"}) {
    const auto made = (*session)->Execute(fmt::format(fmt::runtime(statement), name));
    if (!made.ok()) Fail(made.error().front().message);
  }
}

std::string Cluster::Ask(const std::string& database, std::string_view sql) const {
  auto session =
      Session::Open({.parameters = {{"host", host_}, {"port", port_}, {"user", user_}, {"dbname", database}}});
  return session.ok() ? TextOf(**session, sql) : session.error().front().message;
}

std::string TextOf(Session& session, std::string_view sql) {
  auto rows = session.Query(sql);
  if (!rows.ok()) return rows.error().front().message;
  std::string out;
  Row row;
  while (true) {
    auto more = (*rows)->Next(row);
    if (!more.ok()) return more.error().front().message;
    if (!*more) return out;
    if (!out.empty()) out += ';';
    for (size_t i = 0; i < row.size(); ++i) out += fmt::format("{}{}", i == 0 ? "" : "|", row[i].value_or("NULL"));
  }
}

}  // namespace stir::pg::testing
