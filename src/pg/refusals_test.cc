// Connections that are not made, word for word, and TLS as each mode has it: with certificates made for the test.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "pg/kinds.h"
#include "pg/settings.h"
#include "pg/testing/cluster.h"

namespace stir::pg {
namespace {

namespace stdfs = std::filesystem;
using testing::Cluster;

class RefusalsTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::pair<std::string, std::string>>;

  static void SetUpTestSuite() {
    folder_ = stdfs::temp_directory_path() / fmt::format("stir-tls-{}", getpid());
    stdfs::create_directories(folder_);
    database_ = Cluster::Get().MakeDatabase();
    Cluster::Get().SetGuardedPassword("right");
    Sql("do $$ begin create role tls_only login; create role outsider login; exception when duplicate_object then end "
        "$$");
  }
  static void TearDownTestSuite() { stdfs::remove_all(folder_); }

  static std::string Sql(std::string_view sql) { return Cluster::Get().Ask(database_, sql); }

  // Two authorities, and a server's certificate of the first for the name db.test.
  static void MakeCertificates() {
    const auto openssl = [](const std::string& arguments) {
      const std::string command = fmt::format("cd '{}' && openssl {} 2>openssl.txt", folder_.string(), arguments);
      ASSERT_EQ(std::system(command.c_str()), 0) << command;
    };
    const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for (const char* name : {"ours", "other"})
      openssl(fmt::format("req -x509 {0} -keyout {1}.key -out {1}.crt -days 2 -subj /CN={1}", key, name));
    openssl(fmt::format("req {} -keyout server.key -out server.csr -subj /CN=db.test", key));
    openssl("x509 -req -in server.csr -CA ours.crt -CAkey ours.key -CAcreateserial -days 2 -out server.crt");
  }

  static Result<std::unique_ptr<Session>> Connect(const std::string& host, const std::string& user, Words more) {
    ConnectSpec spec{
        .parameters = {{"host", host}, {"port", Cluster::Get().port()}, {"dbname", database_}, {"user", user}}};
    for (auto& word : more) spec.parameters.push_back(std::move(word));
    return Session::Open(spec);
  }
  // Says what is between client and server, or the whole refusal.
  static std::string Try(const std::string& host, const std::string& user, Words more = {}) {
    auto session = Connect(host, user, std::move(more));
    if (session.ok())
      return testing::TextOf(**session, "select ssl from pg_stat_ssl where pid = pg_backend_pid()") == "t" ? "tls"
                                                                                                           : "plain";
    const Diagnostic& error = session.error().front();
    EXPECT_EQ(error.kind, kNoConnection);
    std::string said = error.message + "\nhint: " + error.hint;
    const Cluster& cluster = Cluster::Get();
    const std::vector<std::pair<std::string, std::string>> names = {
        {cluster.address(), "ADDRESS"},
        {cluster.host(), "SOCKET"},
        {cluster.port(), "PORT"},
        {database_, "DATABASE"},
        {folder_.string(), "FOLDER"},
        {"cannot connect to PostgreSQL at SOCKET:PORT/DATABASE: connection to server on socket "
         "\"SOCKET/.s.PGSQL.PORT\" failed: ",
         "socket: "},
        {"cannot connect to PostgreSQL at ADDRESS:PORT/DATABASE: connection to server at \"ADDRESS\", port PORT "
         "failed: ",
         "tcp: "}};
    for (const auto& [from, to] : names) said = ReplaceAll(said, from, to);
    return said;
  }

  static stdfs::path folder_;
  static std::string database_;
};

stdfs::path RefusalsTest::folder_;
std::string RefusalsTest::database_;

TEST_F(RefusalsTest, RolesPasswordsAndDatabases) {
  const std::string& socket = Cluster::Get().host();
  EXPECT_EQ(Try(socket, "guarded", {{"password", "right"}}), "plain");
  EXPECT_EQ(Try(socket, "guarded", {{"password", "wrong"}}),
            "socket: FATAL:  password authentication failed for user \"guarded\"\nhint: check `user` and `password`");
  EXPECT_EQ(Try(socket, "guarded", {{"passfile", "/none"}}),
            "socket: fe_sendauth: no password supplied\nhint: give a `password`, or put it into ~/.pgpass");
  EXPECT_EQ(Try(socket, "nobody_here"),
            "socket: FATAL:  role \"nobody_here\" does not exist\nhint: check `user`, or create the role");
  EXPECT_EQ(Try(socket, "outsider", {{"dbname", "elsewhere"}}),
            "socket: FATAL:  database \"elsewhere\" does not exist\nhint: check the database's name, or create it");
  Sql("create role asleep nologin");
  EXPECT_EQ(
      Try(socket, "asleep"),
      "socket: FATAL:  role \"asleep\" is not permitted to log in\nhint: a superuser can say: ALTER ROLE ... LOGIN");
  Sql(fmt::format("revoke connect on database {} from public", database_));
  EXPECT_EQ(Try(socket, "outsider"),
            "socket: FATAL:  permission denied for database \"DATABASE\"\nDETAIL:  User does not have CONNECT "
            "privilege.\nhint: its owner can say: GRANT CONNECT ON DATABASE ... TO the user");
  Sql(fmt::format("grant connect on database {} to public; alter role outsider connection limit 0", database_));
  EXPECT_EQ(
      Try(socket, "outsider"),
      "socket: FATAL:  too many connections for role \"outsider\"\nhint: the server has no session left: use fewer "
      "`connections` or `threads`, or raise its limit");
  Sql("alter role outsider connection limit -1");
}

TEST_F(RefusalsTest, TlsAsEachModeHasIt) {
  const std::string owner = Cluster::Get().user();
  const std::string& at = Cluster::Get().address();
  Cluster::Get().Listen();
  EXPECT_EQ(Try(at, owner), "plain");
  EXPECT_EQ(
      Try(at, owner, {{"sslmode", "require"}}),
      "tcp: server does not support SSL, but SSL was required\nhint: the server has no TLS; only `sslmode: prefer` "
      "or less connects without it");
  MakeCertificates();
  const std::string ours = folder_ / "ours.crt";
  const std::string other = folder_ / "other.crt";
  Cluster::Get().Listen(folder_ / "server.crt", folder_ / "server.key");
  EXPECT_EQ(Try(at, owner), "tls");
  EXPECT_EQ(Try(at, owner, {{"sslmode", "disable"}}), "plain");
  EXPECT_EQ(Try(at, owner, {{"sslmode", "require"}}), "tls");
  EXPECT_EQ(Try(at, owner, {{"sslmode", "verify-ca"}, {"sslrootcert", ours}}), "tls");
  EXPECT_EQ(Try("db.test", owner, {{"hostaddr", at}, {"sslmode", "verify-full"}, {"sslrootcert", ours}}), "tls");
  EXPECT_EQ(
      Try("elsewhere.test", owner, {{"hostaddr", at}, {"sslmode", "verify-full"}, {"sslrootcert", ours}}),
      "cannot connect to PostgreSQL at elsewhere.test:PORT/DATABASE: connection to server at \"ADDRESS\", port PORT "
      "failed: server certificate for \"db.test\" does not match host name \"elsewhere.test\"\nhint: the "
      "certificate is another host's: connect by the name that it is for (`hostaddr` says where that is), or with "
      "`sslmode: verify-ca`");
  EXPECT_EQ(
      Try(at, owner, {{"sslmode", "verify-ca"}, {"sslrootcert", other}}),
      "tcp: SSL error: certificate verify failed\nhint: another authority signed the server's certificate than the "
      "one of `sslrootcert`, or it has expired");
  EXPECT_EQ(
      Try(at, owner, {{"sslmode", "verify-full"}, {"sslrootcert", folder_ / "none.crt"}}),
      "tcp: root certificate file \"FOLDER/none.crt\" does not exist\nEither provide the file or change sslmode to "
      "disable server certificate verification.\nhint: `sslrootcert` names the certificate of the authority that "
      "signed the server's");
  EXPECT_EQ(Try(Cluster::Get().host(), owner, {{"sslmode", "require"}}), "plain");  // a socket needs none
  EXPECT_EQ(Try(at, "tls_only"), "tls");
  EXPECT_EQ(
      Try(at, "tls_only", {{"sslmode", "disable"}}),
      "tcp: FATAL:  pg_hba.conf rejects connection for host \"127.0.0.1\", user \"tls_only\", database "
      "\"DATABASE\", no encryption\nhint: the server's pg_hba.conf shuts this user out of this database from here; "
      "see `sslmode`, too");
  EXPECT_EQ(Try(at, "outsider", {{"sslmode", "disable"}}),
            "tcp: FATAL:  no pg_hba.conf entry for host \"127.0.0.1\", user \"outsider\", database \"DATABASE\", no "
            "encryption\nhint: the server's pg_hba.conf lets this user into this database from here neither with nor "
            "without TLS, or only with the other: see `sslmode`");
}

// Records of TLS are cut elsewhere than rows are.
TEST_F(RefusalsTest, RowsOfManySizesGoThroughTlsBothWays) {
  MakeCertificates();
  Cluster::Get().Listen(folder_ / "server.crt", folder_ / "server.key");
  auto session = *Connect(Cluster::Get().address(), Cluster::Get().user(), {{"sslmode", "require"}});
  const std::string rows = "select i, repeat('x', i * 37 % 20000) from generate_series(1, 4000) i";
  std::string all;
  const auto sent = session->CopyOut("copy (" + rows + ") to stdout", [&](std::string_view bytes) {
    all += bytes;
    return Status();
  });
  ASSERT_TRUE(sent.ok()) << sent.error().front().message;
  EXPECT_EQ(*sent, 4000);
  ASSERT_TRUE(session->Execute("create table back (i int, t text)").ok());
  auto copy = *session->BeginCopyIn("copy back from stdin");
  ASSERT_TRUE(copy->Write(all).ok());
  EXPECT_EQ(*copy->Finish(), 4000);
  EXPECT_EQ(testing::TextOf(*session, "select count(*) from ((table back except all " + rows + ") union all (" + rows +
                                          " except all table back)) d"),
            "0");
}

// The locks of a client that is gone without a word are not for ever.
TEST_F(RefusalsTest, ASessionThatMovesRowsIsLetGoOfWhenItsClientIsGone) {
  MakeCertificates();
  Cluster::Get().Listen(folder_ / "server.crt", folder_ / "server.key");
  const auto settings = ReadSettings(Json{{"host", Cluster::Get().address()},
                                          {"port", Cluster::Get().port()},
                                          {"dbname", database_},
                                          {"user", Cluster::Get().user()}},
                                     "stir");
  ASSERT_TRUE(settings.ok());
  auto session = Open(*settings);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(
      testing::TextOf(
          **session,
          "select string_agg(name || ' ' || setting, ', ' order by name) from pg_settings where name like 'tcp\\_%'"),
      "tcp_keepalives_count 3, tcp_keepalives_idle 30, tcp_keepalives_interval 10, tcp_user_timeout 60000");
}

}  // namespace
}  // namespace stir::pg
