// A PostgreSQL cluster of its own for tests: made in a temporary folder, reached through a socket in it, gone at the
// end.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pg/session.h"

namespace stir::pg::testing {

// One for a test program; started on first use, stopped when the program ends. The server's programs are those of
// Debian's package postgresql-15, or of the folder that STIR_TEST_PG_BIN names.
class Cluster {
 public:
  // Ends the program with the server's words when it cannot be started.
  static Cluster& Get();

  // A new, empty database; its name. Fast: a copy of template0.
  std::string MakeDatabase();
  // An empty one of this name, also where there was another one.
  void MakeDatabase(const std::string& name);
  // What a statement answers in a session of its own, as the cluster's owner.
  std::string Ask(const std::string& database, std::string_view sql) const;
  // The role `guarded` is asked for its password; all others are trusted.
  void SetGuardedPassword(const std::string& password);

  // From now on the server is also at `address`, with TLS where there is a certificate. All sessions end. There
  // `tls_only` needs TLS, `guarded` its password, the owner neither, and no other role is let in.
  void Listen(const std::string& certificate = {}, const std::string& key = {});
  const std::string& address() const { return address_; }  // of this machine; nobody else's

  // A hot standby that follows the server, from now on at the same host and this port. It cancels who stands in the way
  // of what it is sent.
  std::string StartStandby();

  // Every process of the server stops where it is, as on a machine that hangs; and goes on.
  void Freeze() const;
  void Thaw() const;
  // As after a power cut: sessions are gone, what was not committed is undone.
  void Crash();

  const std::string& host() const { return host_; }  // the socket's folder
  const std::string& port() const { return port_; }
  const std::string& user() const { return user_; }

  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

 private:
  Cluster();
  void Start();
  void StartIn(const std::string& data, const std::string& options);
  void Stop();
  void StopIn(const std::string& data);
  void Signal(int signal) const;
  std::string folder_, host_, port_, user_, bin_, address_;
  bool listens_ = false, tls_ = false, has_standby_ = false;
  int databases_ = 0;
};

// A statement's rows joined by `;`, their cells by `|`; or what the server says against it.
std::string TextOf(Session& session, std::string_view sql);

}  // namespace stir::pg::testing
