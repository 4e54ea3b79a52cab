#include "base/mail.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>

#include "base/curl.h"
#include "base/digest.h"
#include "base/strings.h"

namespace stir {
namespace {

constexpr size_t kBytesOfALine = 57;  // 76 characters of base64
constexpr size_t kBytesOfAWord = 42;  // "=?UTF-8?B?...?=" has at most 75

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
  }
  return text;
}

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

// A header's value in encoded words (RFC 2047), none of which cuts a character.
std::string EncodedWords(std::string_view text) {
  std::string words;
  while (!text.empty()) {
    size_t end = std::min(kBytesOfAWord, text.size());
    while (end < text.size() && end > 1 && IsContinuation(text[end])) --end;
    words += fmt::format("{}=?UTF-8?B?{}?=", words.empty() ? "" : "\r\n ", Base64(text.substr(0, end)));
    text.remove_prefix(end);
  }
  return words;
}

// Where the transfer has come to.
struct Upload {
  std::string_view rest;
  const CancelToken& cancel;
};

size_t OnRead(char* to, size_t size, size_t count, void* context) {
  auto& upload = *static_cast<Upload*>(context);
  const size_t taken = std::min(size * count, upload.rest.size());
  std::memcpy(to, upload.rest.data(), taken);
  upload.rest.remove_prefix(taken);
  return taken;
}

int OnMailProgress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Upload*>(context)->cancel.stop_requested() ? 1 : 0;
}

Diagnostic NotTaken(const MailServer& server, std::string_view reason, std::string hint = {}) {
  return Diagnostic(kMailRefused,
                    fmt::format("the mail server {}:{} took no mail: {}", server.host, server.port, reason))
      .Hint(std::move(hint));
}

std::string MailHint(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "check `server` and `port`, and that no firewall is between";
    case CURLE_USE_SSL_FAILED:
      return "the server offers no STARTTLS: `tls: tls` begins with it, `tls: none` sends as anybody may read";
    case CURLE_LOGIN_DENIED:
      return "check `user` and `password`";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the server's certificate is not trusted by this machine";
    default:
      return {};
  }
}

}  // namespace

bool IsMailAddress(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.find('@', at + 1) != text.npos)
    return false;
  return std::ranges::none_of(
      text, [](unsigned char c) { return c <= ' ' || c == 0x7F || c == '<' || c == '>' || c == ','; });
}

std::string MailText(const Mail& mail) {
  std::string subject;
  for (const char c : mail.subject) subject += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  std::string text = fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n",
                                 fmt::gmtime(std::chrono::system_clock::to_time_t(mail.date)));
  text += fmt::format("From: stir <{}>\r\nTo: {}\r\n", mail.from, fmt::join(mail.to, ",\r\n "));
  text += fmt::format("Message-ID: <{}@stir>\r\n", Md5Hex(mail.id));
  text += fmt::format("Subject: {}\r\n", EncodedWords(subject));
  text += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  text += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  for (size_t at = 0; at < mail.text.size(); at += kBytesOfALine)
    text += Base64(std::string_view(mail.text).substr(at, kBytesOfALine)) + "\r\n";
  return text;
}

Status SendMail(const MailServer& server, const Mail& mail, const CancelToken& cancel) {
  const Curl& curl = Curl::Library();
  if (!curl.missing.empty())
    return NotTaken(server, "libcurl cannot be opened: " + curl.missing, "install the package `libcurl4`");
  const std::string text = MailText(mail);
  const std::string url =
      fmt::format("{}://{}:{}", server.tls == MailTls::kTls ? "smtps" : "smtp", server.host, server.port);
  const std::unique_ptr<CURL, decltype(curl.cleanup)> handle(curl.init(), curl.cleanup);
  curl_slist* list = nullptr;
  for (const std::string& address : mail.to) list = curl.append(list, fmt::format("<{}>", address).c_str());
  const std::unique_ptr<curl_slist, decltype(curl.free_list)> to(list, curl.free_list);
  Upload upload{text, cancel};
  std::array<char, CURL_ERROR_SIZE> said{};
  const auto set = [&](CURLoption option, auto value) { curl.set(handle.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, 30000L);
  set(CURLOPT_USE_SSL, static_cast<long>(server.tls == MailTls::kNone ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  set(CURLOPT_MAIL_FROM, fmt::format("<{}>", mail.from).c_str());
  set(CURLOPT_MAIL_RCPT, to.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_READFUNCTION, &OnRead);
  set(CURLOPT_READDATA, &upload);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &OnMailProgress);
  set(CURLOPT_XFERINFODATA, &upload);
  set(CURLOPT_ERRORBUFFER, said.data());
  if (!server.user.empty()) {
    set(CURLOPT_USERNAME, server.user.c_str());
    set(CURLOPT_PASSWORD, server.password.c_str());
  }
  const CURLcode code = curl.perform(handle.get());
  if (code == CURLE_OK) return {};
  if (cancel.stop_requested()) return NotTaken(server, "it was stopped");
  return NotTaken(server, said[0] == '\0' ? curl.explain(code) : said.data(), MailHint(code));
}

}  // namespace stir
