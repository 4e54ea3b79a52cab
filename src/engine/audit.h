// The record of what people do by hand.
#pragma once

#include <string>

#include "engine/host.h"
#include "store/records.h"

namespace stir::engine {

// Now. `who`: empty: the user of this process.
store::AuditEntry EntryOf(const Host& host, std::string action, std::string subject, std::string detail = {},
                          const std::string& who = {});

}  // namespace stir::engine
